namespace Rqml.Transports.Grpc.Links;

/// <summary>What goes on after its owner has let go of it: links that deliver their last block, servers whose links still live. Thread-safe.</summary>
internal sealed class Endings : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationToken _atOnce;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];
    private bool _isDisposed;

    public Endings() => _atOnce = _hurry.Token;

    /// <summary>Begins an ending that handles its own errors; it hurries once the token is cancelled. After the disposal there is no time left from the start.</summary>
    public void Add(Func<CancellationToken, Task> end)
    {
        var ending = Task.Run(() => end(_atOnce));
        lock (_lock) _running.Add(ending);
        ending.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Leaves a moment to what still ends, and then none.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            running = [.. _running];
        }

        _hurry.CancelAfter(Patience);
        await Task.WhenAll(running).ConfigureAwait(false);
        await _hurry.CancelAsync().ConfigureAwait(false);
        _hurry.Dispose();
    }

    private void Remove(Task ended)
    {
        lock (_lock) _running.Remove(ended);
    }
}
