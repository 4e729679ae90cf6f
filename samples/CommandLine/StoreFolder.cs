namespace CommandLine;

/// <summary>
/// Where a sample's nodes keep their state, in a folder each. A mark beside them says that the sample made them: without it, what is there is somebody else's, and
/// is neither used nor deleted. It stays when a run is killed, so that the next one goes on.
/// </summary>
internal sealed class StoreFolder
{
    private readonly string _mark;
    private readonly Dictionary<string, string> _nodes;

    private StoreFolder(string mark, Dictionary<string, string> nodes) => (_mark, _nodes) = (mark, nodes);

    /// <summary>The folder of a node.</summary>
    public string this[string node] => _nodes[node];

    /// <param name="path">Made where it is not there.</param>
    /// <param name="sample">Names the mark: samples do not go on with one another's runs.</param>
    /// <param name="nodes">The names of the nodes, and of their folders.</param>
    /// <exception cref="FormatException">A node's folder is there, and this sample has not made it.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made.</exception>
    public static StoreFolder Open(string path, string sample, params string[] nodes)
    {
        var folders = nodes.ToDictionary(node => node, node => Path.Combine(path, node));
        var mark = Path.Combine(path, $"{sample}.run");
        if (File.Exists(mark)) return new StoreFolder(mark, folders);
        if (folders.Values.FirstOrDefault(Path.Exists) is { } stranger) throw new FormatException($"--store is '{path}', and '{stranger}' there is not of this program: choose another folder.");
        Directory.CreateDirectory(path);
        File.WriteAllText(mark, $"{string.Join(", ", nodes)}: the state of a run of {sample} that is not over. It is deleted when it is, and this file with it.\n");
        return new StoreFolder(mark, folders);
    }

    /// <summary>Deletes what the sample has made, the mark last; all else in the folder stays.</summary>
    public void Delete()
    {
        foreach (var folder in _nodes.Values.Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
        File.Delete(_mark);
    }
}
