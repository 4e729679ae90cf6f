using System.Diagnostics;
using Rqml.FaultProxy;

namespace Rqml.Soak;

/// <summary>The process under test, as the supervisor sees it.</summary>
internal sealed class ApplicationProcess : IAsyncDisposable
{
    public const string Word = "life";
    private readonly Process _process;
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string> _said;
    private readonly Task _reading;

    private ApplicationProcess(Process process, Action<string> said)
    {
        (_process, _said) = (process, said);
        _reading = ReadAsync();
    }

    /// <summary>Completes when its host has started; faults where it ends before.</summary>
    public Task Open => _open.Task;

    public bool HasEnded => _process.HasExited;

    public static ApplicationProcess Start(ApplicationSettings settings, Action<string> said)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ApplicationProcess).Assembly.Location, Word, .. settings.ToArguments()]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        return new ApplicationProcess(Process.Start(start) ?? throw new InvalidOperationException("The application did not start."), said);
    }

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>As kill -9 does; false where it had ended before.</summary>
    public async Task<bool> KillAsync()
    {
        if (_process.HasExited) return false;
        _process.Kill();
        return await EndAsync() == Signals.CodeOfKilled;      // or it was quicker
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "open") _open.TrySetResult();
            else _said(line);
        }

        _open.TrySetException(new InvalidOperationException("The application ended before it was open."));
    }
}
