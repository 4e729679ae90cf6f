using System.Diagnostics;

namespace Rqml.Fuzz;

/// <summary>Ends the process, and says at which input, when a decoder does not come back.</summary>
internal sealed class Watchdog : IDisposable
{
    // Many times what the slowest input takes on a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Timer _timer;
    private byte[] _input = [];
    private long _since;

    public Watchdog(string target) => _timer = new Timer(_ => Look(target), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    public void Watch(byte[] input)
    {
        _input = input;
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
    }

    public void Dispose() => _timer.Dispose();

    private void Look(string target)
    {
        var since = Volatile.Read(ref _since);
        if (since != 0 && Stopwatch.GetElapsedTime(since) > Patience) Environment.FailFast($"The decoder of '{target}' does not come back from {Convert.ToBase64String(_input)}");
    }
}
