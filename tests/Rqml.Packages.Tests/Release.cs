namespace Rqml.Packages.Tests;

/// <summary>The tree as it lies here, put into a repository of its own that has an origin and a tag, and what eng/pack makes of it. Made once for all tests.</summary>
internal sealed record Release(string Repository, string Commit, string Packages)
{
    /// <summary>None that will ever be published, so that no gallery has it.</summary>
    public const string Version = "97.98.99";
    public const string Origin = "https://github.com/example/rqml";

    private static readonly Lazy<Task<Release>> Made = new(MakeAsync);

    public static Task<Release> Packed => Made.Value;

    /// <summary>The projects that are packages, by their ids.</summary>
    public static string[] Ids { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Docs.Tests.Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    public Package Read(string id) => Package.Read(Packages, id, Version);

    /// <summary>Packs what is committed in a repository. The analyzers have seen the code before: the tests were built with them.</summary>
    public static Task<Command> PackAsync(string repository, string packages) => Command.TryAsync(repository, Path.Combine(repository, "eng", "pack"), packages, "-p:RunAnalyzers=false");

    public static Task<string> GitAsync(string folder, params string[] arguments) =>
        Command.RunAsync(folder, "git", ["-c", "user.name=Rqml", "-c", "user.email=tests@rqml.invalid", "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false", .. arguments]);

    private static async Task<Release> MakeAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "release");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var repository = Path.Combine(folder, "repository");
        await CopyTreeAsync(repository);
        await GitAsync(repository, "init", "--quiet");
        await GitAsync(repository, "add", "--all");
        await GitAsync(repository, "commit", "--quiet", "--message", "the tree that is tested");
        await GitAsync(repository, "tag", $"v{Version}");
        await GitAsync(repository, "remote", "add", "origin", Origin);
        var commit = (await GitAsync(repository, "rev-parse", "HEAD")).Trim();

        var packages = Path.Combine(folder, "packages");
        var packed = await PackAsync(repository, packages);
        Assert.True(packed.ExitCode == 0, packed.Output);
        return new Release(repository, commit, packages);
    }

    /// <summary>What git has or would have: also what is not committed yet.</summary>
    private static async Task CopyTreeAsync(string target)
    {
        var listed = await Command.RunAsync(Docs.Tests.Repository.Root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard");
        foreach (var path in listed.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var (from, to) = (Path.Combine(Docs.Tests.Repository.Root, path), Path.Combine(target, path));
            if (!File.Exists(from)) continue;      // deleted, and not committed yet
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
        }
    }
}
