using System.Text;

namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>
/// A disk as POSIX promises it and no better: content lasts once its file was synced, a name once its folder was. What was not may survive in any
/// part; only the names of one folder change in order, as on a journaling file system.
/// </summary>
internal sealed class SimulatedDisk
{
    private readonly string _root;
    private readonly Dictionary<uint, SimulatedFile> _open = [];

    // As programs see it, and as it lasts. A folder is a name without a file.
    private readonly Dictionary<string, SimulatedFile?> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedFile?> _lasting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Action<Dictionary<string, SimulatedFile?>>>> _pendingNames = new(StringComparer.Ordinal);

    /// <summary>A disk that holds what is in a folder now, all of it synced.</summary>
    public SimulatedDisk(string root)
    {
        _root = root;
        foreach (var folder in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories)) _lasting[folder] = null;
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)) _lasting[file] = new SimulatedFile(File.ReadAllBytes(file));
        foreach (var (path, file) in _lasting) _seen[path] = file;
    }

    /// <summary>Operations that a power cut now would put at risk.</summary>
    public int AtRisk => _seen.Values.Sum(file => file?.Pending ?? 0) + _pendingNames.Values.Sum(names => names.Count);

    public void Apply(DiskRecord record)
    {
        switch (record.Kind)
        {
            case 'C' when record.At == 1: Create(record.Path, _open[record.File] = new SimulatedFile([])); break;
            case 'C': _open[record.File] = _seen[record.Path]!; break;
            case 'W' or 'T': _open[record.File].Change(record); break;
            case 'F': _open[record.File].Sync(); break;
            case 'M': Create(record.Path, null); break;
            case 'U' or 'X': Rename(record.Path, names => names.Remove(record.Path)); break;
            case 'R': Move(record); break;
            case 'D': SyncNames(record.Path); break;
            default: throw new InvalidDataException($"unknown record {record.Kind}");
        }
    }

    /// <summary>Writes what a power cut now may leave to another folder.</summary>
    public void Lose(Random random, string target)
    {
        var left = new Dictionary<string, SimulatedFile?>(_lasting, StringComparer.Ordinal);
        foreach (var names in _pendingNames.Values)
        {
            foreach (var change in names.Take(random.Next(names.Count + 1))) change(left);
        }

        Directory.CreateDirectory(target);
        foreach (var (path, file) in left.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            var to = Path.Combine(target, Path.GetRelativePath(_root, path));
            if (!Directory.Exists(Path.GetDirectoryName(to))) continue;      // its folder's own name was lost
            if (file is null) Directory.CreateDirectory(to);
            else File.WriteAllBytes(to, file.Lose(random));
        }
    }

    private void Create(string path, SimulatedFile? file) => Rename(path, names => names[path] = file);

    private void Move(DiskRecord record)
    {
        var text = Encoding.UTF8.GetString(record.Data).Split('\0');
        var (from, to) = (text[0], text[1]);
        var file = _seen[from];
        Rename(to, names =>
        {
            names.Remove(from);
            names[to] = file;
        });
    }

    private void Rename(string path, Action<Dictionary<string, SimulatedFile?>> change)
    {
        change(_seen);
        var folder = Path.GetDirectoryName(path)!;
        if (!_pendingNames.TryGetValue(folder, out var names)) _pendingNames[folder] = names = [];
        names.Add(change);
    }

    private void SyncNames(string folder)
    {
        if (!_pendingNames.Remove(folder, out var names)) return;
        foreach (var change in names) change(_lasting);
    }
}
