using System.Diagnostics;
using System.Globalization;

namespace Rqml.Benchmarks.Messaging;

/// <summary>The other process of a row: said where it listens, it ends with its input.</summary>
internal sealed class Far : IDisposable
{
    private readonly Process _process;

    private Far(Process process) => _process = process;

    /// <summary>Port of the floor's connection.</summary>
    public int RawPort { get; private set; }

    /// <summary>Where Rqml's node listens.</summary>
    public string Endpoint { get; private set; } = "";

    public static async Task<Far> StartAsync(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Far).Assembly.Location, .. words]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var far = new Far(Process.Start(start) ?? throw new InvalidOperationException("The other process did not start."));
        var said = (await far._process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The other process ended.")).Split(' ');
        (far.RawPort, far.Endpoint) = (int.Parse(said[0], CultureInfo.InvariantCulture), said[1]);
        return far;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000)) _process.Kill();
        _process.Dispose();
    }
}
