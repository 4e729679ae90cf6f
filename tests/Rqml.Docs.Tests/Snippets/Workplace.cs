namespace Rqml.Docs.Tests.Snippets;

/// <summary>A folder that goes with the test, and a console that can be read back.</summary>
internal sealed class Workplace : IDisposable
{
    public const int LimitMs = 60_000;

    /// <summary>There is one console: classes whose tests read it back are one collection.</summary>
    public const string OneAtATime = "console";

    private readonly TextWriter _before = Console.Out;

    public string Folder { get; } = Directory.CreateTempSubdirectory("rqml-docs-").FullName;

    public StringWriter Printed { get; } = new();

    public void Dispose()
    {
        Console.SetOut(_before);
        Printed.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
