namespace Rqml.Fuzz;

/// <summary>The inputs that are kept for a target, one a line: what reached something new when it was found, and what once was a fault.</summary>
internal static class Corpus
{
    public static string PathOf(string folder, string target) => Path.Combine(folder, target + ".txt");

    public static IReadOnlyList<byte[]> Read(string folder, string target) =>
        File.Exists(PathOf(folder, target)) ? [.. File.ReadLines(PathOf(folder, target)).Where(line => line.Length > 0).Select(Convert.FromBase64String)] : [];

    public static void Write(string folder, string target, IEnumerable<byte[]> inputs) =>
        File.WriteAllLines(PathOf(folder, target), inputs.Select(Convert.ToBase64String).Distinct().OrderBy(line => line.Length).ThenBy(line => line, StringComparer.Ordinal));
}
