namespace Rqml.Storage.RocksDb.Scans;

/// <summary>The scans that are still being read, so that closing can end them: an iterator must not outlive its database. Thread-safe.</summary>
internal sealed class OpenScans
{
    private readonly Lock _lock = new();
    private readonly HashSet<ScanHold> _holds = [];
    private bool _hasEnded;

    /// <summary>False once all have been ended: then the scan may not begin.</summary>
    public bool TryAdd(ScanHold hold)
    {
        lock (_lock) return !_hasEnded && _holds.Add(hold);
    }

    public void Remove(ScanHold hold)
    {
        lock (_lock) _holds.Remove(hold);
    }

    public void EndAll()
    {
        ScanHold[] holds;
        lock (_lock)
        {
            _hasEnded = true;
            holds = [.. _holds];
        }

        foreach (var hold in holds) hold.Dispose();
    }
}
