namespace Rqml.AspNetCore.Tests;

/// <summary>The tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "Rqml.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
