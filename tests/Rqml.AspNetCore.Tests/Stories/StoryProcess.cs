using System.Diagnostics;
using System.Globalization;

namespace Rqml.AspNetCore.Tests.Stories;

/// <summary>A <see cref="StoryWorker"/> from outside: what it says, and what the machine does to it.</summary>
internal sealed class StoryProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;

    public StoryProcess(string name, string address, string folder)
    {
        _process = Process.Start(new ProcessStartInfo("dotnet", [typeof(StoryProcess).Assembly.Location, "story", name, address, folder]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _reading = ReadAsync();
    }

    public LogLines Log { get; } = new();

    /// <summary>As the machine does where it is out of memory: nothing is said any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends one of the signals of the system, such as STOP.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line) Log.Add(line);
    }
}
