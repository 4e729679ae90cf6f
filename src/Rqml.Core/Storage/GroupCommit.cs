using System.Diagnostics.CodeAnalysis;
using Rqml.Diagnostics;
using Rqml.Hosting;

namespace Rqml.Storage;

/// <summary>
/// The one writer of a node's store: takes the writes of all owners and the dirty checkpoint slots, makes each group durable with one commit, and
/// then releases what waited for it, in order. A failed commit stops it for good: no retry, no acknowledgement.
/// </summary>
internal sealed class GroupCommit : IThreadPoolWorkItem
{
    public const int MaxRequests = 256;
    public const int MaxBytes = 4 << 20;

    private readonly IKeyValueStore _store;
    private readonly Dispatcher _dispatcher;
    private readonly Lock _lock = new();
    private readonly Queue<Request> _requests = new();
    private readonly Queue<IDirty> _dirty = new();
    private readonly List<Request> _group = [];
    private readonly WriteBatch _batch = new();
    private Task _run = Task.CompletedTask;      // owned here; never faults
    private bool _running;
    private Exception? _failure;
    private TaskCompletionSource? _idle;

    private readonly TimeProvider _time;
    private readonly StorageInstruments _instruments;

    public GroupCommit(IKeyValueStore store, Dispatcher dispatcher, TimeProvider time, StorageInstruments instruments) =>
        (_store, _dispatcher, _time, _instruments) = (store, dispatcher, time, instruments);

    /// <summary>Called once, when a commit has failed.</summary>
    public Action<Exception>? Failed { get; set; }

    public IKeyValueStore Store => _store;

    /// <summary>Queues writes of an owner; <paramref name="held"/> comes back to it once they, and all before, are durable. Any thread.</summary>
    public void Enqueue(ICommitOwner owner, object writes, object held) => Enqueue(new Request(owner, writes, held, null, null));

    /// <summary>Commits a batch of one's own, in order with everything else.</summary>
    public Task CommitAsync(WriteBatch batch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(new Request(null, null, null, batch, done));
        return done.Task;
    }

    /// <summary>Says that a slot has something to write; the writer asks it when its turn comes. Any thread; never waits.</summary>
    public void MarkDirty(IDirty slot)
    {
        lock (_lock)
        {
            if (_failure is not null) return;
            _dirty.Enqueue(slot);
            if (_running) return;
            _running = true;
        }

        _dispatcher.Post(this);
    }

    /// <summary>Completes when everything queued so far has been written, or the store has failed.</summary>
    public Task DrainAsync()
    {
        lock (_lock)
        {
            if (!_running) return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Writes everything queued so far, and from then on refuses the rest: a model that comes back late finds no writer.</summary>
    public async Task CloseAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_running)
                {
                    _failure ??= new StoreFailedException(_store.Name, "it was closed");
                    return;
                }
            }

            await DrainAsync();
        }
    }

    void IThreadPoolWorkItem.Execute() => _run = RunAsync();

    private void Enqueue(Request request)
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                request.Owner?.Lost(request.Held!);
                request.Done?.TrySetException(_failure);
                return;
            }

            _requests.Enqueue(request);
            if (_running) return;
            _running = true;
        }

        _dispatcher.Post(this);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the writer: it reports and stops for good.")]
    private async Task RunAsync()
    {
        try
        {
            while (TakeGroup())
            {
                if (_batch.Count > 0) await CommitGroupAsync();
                foreach (var request in _group)
                {
                    request.Owner?.Durable(request.Held!);
                    request.Done?.TrySetResult();
                }
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    private async ValueTask CommitGroupAsync()
    {
        var began = _time.GetTimestamp();
        await _store.CommitAsync(_batch, CancellationToken.None);
        _instruments.Committed(_time.GetElapsedTime(began), _batch.Bytes);
    }

    /// <summary>Fills the batch with the next group; false, and no longer running, where there is nothing.</summary>
    private bool TakeGroup()
    {
        _batch.Clear();
        _group.Clear();
        while (_group.Count < MaxRequests && _batch.Bytes < MaxBytes)
        {
            // A request and a slot in turn, so that neither starves the other.
            Request request;
            IDirty? slot;
            bool hasRequest;
            lock (_lock)
            {
                hasRequest = _requests.TryDequeue(out request);
                if (!_dirty.TryDequeue(out slot) && !hasRequest)
                {
                    if (_group.Count > 0 || _batch.Count > 0) return true;
                    _running = false;
                    _idle?.TrySetResult();
                    _idle = null;
                    return false;
                }
            }

            if (hasRequest)
            {
                _group.Add(request);      // first: should encoding fail, its waiter hears of it with the others
                if (request.Owner is not null) request.Owner.Encode(request.Writes!, _batch);
                else _batch.Append(request.Batch!);
            }

            slot?.Encode(_batch);
        }

        return true;
    }

    private void Fail(Exception error)
    {
        _instruments.Failed();
        List<Request> waiting;
        lock (_lock)
        {
            _failure = error;
            _running = false;
            waiting = [.. _group, .. _requests];
            _requests.Clear();
            _dirty.Clear();
            _idle?.TrySetResult();
            _idle = null;
        }

        Failed?.Invoke(error);      // before anybody hears of it: whoever asks then finds the cause
        foreach (var request in waiting)
        {
            request.Owner?.Lost(request.Held!);
            request.Done?.TrySetException(error);
        }
    }

    private readonly record struct Request(ICommitOwner? Owner, object? Writes, object? Held, WriteBatch? Batch, TaskCompletionSource? Done);
}

/// <summary>Something whose newest state the writer fetches when its turn comes.</summary>
internal interface IDirty
{
    void Encode(WriteBatch batch);
}
