namespace Rqml.Storage.Tests.Crashes;

/// <summary>Copies the folder of a store that nobody has open.</summary>
internal static class FolderCopy
{
    public static void Make(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var folder in Directory.EnumerateDirectories(source)) Make(folder, Path.Combine(target, Path.GetFileName(folder)));
        foreach (var path in Directory.EnumerateFiles(source)) File.Copy(path, Path.Combine(target, Path.GetFileName(path)));
    }
}
