using System.Diagnostics;

namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>The preload library, built once a run. Without gcc the tests that need it fail and say so; they are never skipped.</summary>
internal static class FaultyDiskLibrary
{
    private static readonly Lazy<string> Built = new(Build);

    /// <summary>The environment of a process whose disk under <paramref name="root"/> is watched.</summary>
    public static Dictionary<string, string> Watch(string root, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string> { ["LD_PRELOAD"] = Built.Value, ["FAULTYDISK_ROOT"] = root };
        foreach (var (name, value) in more) environment[name] = value;
        return environment;
    }

    private static string Build()
    {
        Assert.True(OperatingSystem.IsLinux(), "the tests of lost writes and failing disks run on Linux only: they preload a library");
        var library = Path.Combine(AppContext.BaseDirectory, "faultydisk.so");
        var script = Path.Combine(RepositoryRoot(), "eng", "build-faultydisk");
        using var build = Process.Start(new ProcessStartInfo("/bin/sh", [script, library]) { RedirectStandardError = true })!;
        var errors = build.StandardError.ReadToEnd();
        build.WaitForExit();
        Assert.True(build.ExitCode == 0, $"eng/build-faultydisk failed: {errors}");
        return library;
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("the repository's root is not above the tests");
    }
}
