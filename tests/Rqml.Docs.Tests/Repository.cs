namespace Rqml.Docs.Tests;

/// <summary>The checkout that the tests run from: its pages, and everything that people wrote.</summary>
internal static class Repository
{
    private static readonly string[] Written = [".cs", ".csproj", ".editorconfig", ".md", ".props", ".proto", ".txt", ""];
    private static readonly string[] Made = [".git", "bin", "obj", "data", "artifacts"];

    public static string Root { get; } = Find();

    /// <summary>Every page, by its path from the root.</summary>
    public static string[] Pages { get; } = [.. Files().Where(path => path.EndsWith(".md", StringComparison.Ordinal))];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Has(string path) => Path.Exists(Path.Combine(Root, path));

    /// <summary>Code, pages and scripts, by their paths from the root.</summary>
    public static IEnumerable<string> Files() => Files(Root).Select(path => Path.GetRelativePath(Root, path)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Files(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (Written.Contains(Path.GetExtension(file)) && Path.GetFileName(file) is not (".git" or "LICENSE")) yield return file;
        }

        foreach (var inner in Directory.EnumerateDirectories(folder))
        {
            if (Made.Contains(Path.GetFileName(inner))) continue;
            foreach (var file in Files(inner)) yield return file;
        }
    }

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Rqml.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside a checkout.");
        return folder;
    }
}
