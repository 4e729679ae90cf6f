namespace Rqml.Storage.RocksDb.Durability;

/// <summary>
/// Keeps files and database alive while somebody reads them: a file taken out of use at some epoch may go once every lease of that epoch or an
/// older one has been returned. Thread-safe.
/// </summary>
internal sealed class ReadLeases
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Ordered by epoch; the last entry is the present one. Two or three entries in practice.
    private readonly List<(long Epoch, int Count)> _epochs = [(0, 0)];
    private bool _isClosing;

    /// <summary>Takes a lease and says of which epoch; false once the store is closing.</summary>
    public bool TryEnter(out long epoch)
    {
        lock (_lock)
        {
            var (current, count) = _epochs[^1];
            epoch = current;
            if (_isClosing) return false;
            _epochs[^1] = (current, count + 1);
            return true;
        }
    }

    public void Exit(long epoch)
    {
        lock (_lock)
        {
            var index = _epochs.Count - 1;
            while (_epochs[index].Epoch != epoch) index--;
            _epochs[index] = (epoch, _epochs[index].Count - 1);
            TrimLocked();
        }
    }

    /// <summary>Begins a new epoch and returns the one that ended, for <see cref="IsOver"/>.</summary>
    public long Advance()
    {
        lock (_lock)
        {
            var ended = _epochs[^1].Epoch;
            _epochs.Add((ended + 1, 0));
            TrimLocked();
            return ended;
        }
    }

    /// <summary>Whether no lease of this epoch or an older one is left.</summary>
    public bool IsOver(long epoch)
    {
        lock (_lock) return _epochs[0].Epoch > epoch;
    }

    /// <summary>Grants no more leases; the task ends when all have been returned.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _isClosing = true;
            TrimLocked();
        }

        return _drained.Task;
    }

    private void TrimLocked()
    {
        while (_epochs.Count > 1 && _epochs[0].Count == 0) _epochs.RemoveAt(0);
        if (_isClosing && _epochs is [(_, 0)]) _drained.TrySetResult();
    }
}
