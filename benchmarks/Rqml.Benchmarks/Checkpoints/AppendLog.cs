namespace Rqml.Benchmarks.Checkpoints;

/// <summary>The floor of everything durable: a file that is appended to, with one write and one sync for all that has gathered meanwhile.</summary>
internal sealed class AppendLog : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Task _writer;
    private MemoryStream _waiting = new();
    private MemoryStream _writing = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isClosing;

    public AppendLog(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _writer = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Completes when the record is on disk; whoever does not wait for it goes on.</summary>
    public Task AppendAsync(ReadOnlySpan<byte> record)
    {
        lock (_lock)
        {
            var isFirst = _waiting.Length == 0;
            _waiting.Write(record);
            if (isFirst) _work.Release();
            return _next.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isClosing = true;
        _work.Release();
        await _writer;
        await _file.DisposeAsync();
    }

    private void Write()
    {
        while (true)
        {
            _work.Wait();
            TaskCompletionSource done;
            lock (_lock)
            {
                if (_waiting.Length == 0 && _isClosing) return;
                (_waiting, _writing) = (_writing, _waiting);
                (done, _next) = (_next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            _file.Write(_writing.GetBuffer().AsSpan(0, (int)_writing.Length));
            _file.Flush(flushToDisk: true);
            _writing.SetLength(0);
            done.SetResult();
        }
    }
}
