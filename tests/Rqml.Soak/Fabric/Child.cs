using System.Diagnostics;
using Rqml.FaultProxy;

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

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>As kill -STOP does: it runs no instruction more, and its sockets stay open.</summary>
    public void Stop() => Signals.Stop(_process);

    /// <summary>As kill -CONT does: it goes on where it was, and knows nothing of the time between.</summary>
    public void Continue() => Signals.Continue(_process);

    /// <summary>As kill -9 does, of a process that is stopped too; false where it had ended before.</summary>
    public async Task<bool> KillAsync()
    {
        // Not by a signal of our own: Process knows whether the system has given its number to another since.
        if (_process.HasExited) return false;
        _process.Kill();
        await _process.WaitForExitAsync();
        return _process.ExitCode == Signals.CodeOfKilled;      // or it was quicker
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
