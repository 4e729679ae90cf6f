using System.Threading.Tasks.Sources;

namespace Rqml.Storage.RocksDb;

/// <summary>One thread that carries out commits, so that callers wait for the disk without holding a thread. One commit at a time.</summary>
/// <remarks>Hot: 0 B a commit on the caller's side; its awaiter is queued to the thread pool as it is.</remarks>
internal sealed class CommitLane : IValueTaskSource, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Action<WriteBatch> _commit;
    private readonly Action _housekeep;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = true };
    private WriteBatch? _batch;
    private bool _isStopping;

    /// <param name="name">Name of the thread.</param>
    /// <param name="commit">Makes a batch durable, or throws what its committer is to get.</param>
    /// <param name="housekeep">Runs after each commit, when its caller has its answer. May not throw.</param>
    public CommitLane(string name, Action<WriteBatch> commit, Action housekeep)
    {
        _commit = commit;
        _housekeep = housekeep;
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <exception cref="InvalidOperationException">Another commit is in flight.</exception>
    public ValueTask CommitAsync(WriteBatch batch)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isStopping, typeof(RocksDbStore));
            if (_batch is not null) throw new InvalidOperationException("A commit is in flight; one caller commits at a time.");
            _completion.Reset();
            _batch = batch;
            _work.Release();
            return new ValueTask(this, _completion.Version);
        }
    }

    /// <summary>Ends the thread after the commit in flight.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (!_isStopping) _work.Release();
            _isStopping = true;
        }

        await _ended.Task.ConfigureAwait(false);
    }

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Run()
    {
        while (TryTake(out var batch))
        {
            Exception? failure = null;
            try
            {
                _commit(batch);
            }
            catch (Exception error)
            {
                failure = error;        // the committer's to handle
            }

            lock (_lock)
            {
                _batch = null;      // together with the answer: a second committer gets its own, never this one
                if (failure is null) _completion.SetResult(true);
                else _completion.SetException(failure);
            }

            _housekeep();
        }

        _work.Dispose();
        _ended.SetResult();
    }

    private bool TryTake(out WriteBatch batch)
    {
        _work.Wait();
        lock (_lock)
        {
            batch = _batch!;
            return _batch is not null;
        }
    }
}
