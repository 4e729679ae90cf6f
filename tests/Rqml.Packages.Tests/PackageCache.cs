namespace Rqml.Packages.Tests;

/// <summary>
/// Where packages of others lie between two runs of the tests, apart from those of the user: a package of ours that an earlier build left there must not stand
/// in for one that is tested.
/// </summary>
internal static class PackageCache
{
    public static string Folder { get; } = Clean(Path.Combine(AppContext.BaseDirectory, "package-cache"));

    private static string Clean(string folder)
    {
        foreach (var ours in Directory.CreateDirectory(folder).EnumerateDirectories("rqml.*")) ours.Delete(recursive: true);
        return folder;
    }
}
