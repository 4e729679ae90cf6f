using System.Diagnostics;

namespace Rqml.Soak.Fabric;

/// <summary>A further process of the soak: says lines, and takes them.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public bool HasEnded => _process.HasExited;

    public static Child Start(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Child).Assembly.Location, .. words]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        return new Child(Process.Start(start) ?? throw new InvalidOperationException("A process did not start."));
    }

    public async Task<string> ReadAsync() => await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A process ended before it said what it had to.");

    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
