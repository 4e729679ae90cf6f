namespace Rqml.Docs.Tests.Snippets;

/// <summary>A folder that goes with the test, and a console that can be read back.</summary>
internal sealed class Workplace : IDisposable
{
    public const int LimitMs = 60_000;

    /// <summary>There is one console: classes whose tests read it back are one collection.</summary>
    public const string OneAtATime = "console";

    private TextWriter? _before;

    public string Folder { get; } = Directory.CreateTempSubdirectory("rqml-docs-").FullName;

    public StringWriter Printed { get; } = new();

    /// <summary>What is written to the console from now on is <see cref="Printed"/>, until the test ends.</summary>
    public void TakeConsole()
    {
        _before ??= Console.Out;
        Console.SetOut(Printed);
    }

    public void Dispose()
    {
        if (_before is not null) Console.SetOut(_before);      // only whoever took it: others run beside us
        Printed.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
