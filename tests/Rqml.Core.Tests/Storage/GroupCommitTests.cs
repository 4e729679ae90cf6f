using Rqml.Diagnostics;
using Rqml.Hosting;

namespace Rqml.Storage;

public sealed class GroupCommitTests : IDisposable
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);
    private readonly GatedStore _store = new();
    private readonly ManualDispatcher _dispatcher = new();
    private readonly GroupCommit _writer;

    public GroupCommitTests() => _writer = new GroupCommit(_store, _dispatcher, TimeProvider.System, RqmlInstruments.OfProcess.Storage);

    public void Dispose() => _store.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Fact]
    public void Many_writes_share_one_commit()
    {
        for (byte i = 0; i < 100; i++) _ = _writer.CommitAsync(Put(i));
        _dispatcher.RunAll();

        Assert.Equal([100], _store.Commits);
    }

    [Fact]
    public void A_group_has_at_most_256_requests()
    {
        for (var i = 0; i < GroupCommit.MaxRequests + 1; i++) _ = _writer.CommitAsync(Put((byte)i));
        _dispatcher.RunAll();
        _store.LetThrough();

        Assert.Equal([GroupCommit.MaxRequests, 1], _store.Commits);
    }

    [Fact]
    public void A_group_ends_once_it_has_4_MiB()
    {
        for (byte i = 0; i < 3; i++)
        {
            var batch = new WriteBatch();
            batch.Put(StoreFamily.Artifact, [i], new byte[GroupCommit.MaxBytes]);
            _ = _writer.CommitAsync(batch);
        }

        _dispatcher.RunAll();
        _store.LetThrough();

        Assert.Equal([1, 1], _store.Commits);
    }

    [Fact]
    public void Nobody_hears_of_a_write_before_it_is_durable()
    {
        var owner = new RecordingOwner();
        var done = _writer.CommitAsync(Put(1));
        _writer.Enqueue(owner, "write", "told");
        _dispatcher.RunAll();
        Assert.True(_store.IsCommitting);
        Assert.False(done.IsCompleted);
        Assert.Empty(owner.Told);

        _store.LetThrough();
        Assert.True(done.IsCompletedSuccessfully);
        Assert.Equal(["told"], owner.Told);
    }

    [Fact]
    public void What_waited_is_released_in_the_order_in_which_it_came()
    {
        var owner = new RecordingOwner();
        for (var i = 0; i < 600; i++) _writer.Enqueue(owner, "write", $"{i}");
        _dispatcher.RunAll();
        while (_store.IsCommitting) _store.LetThrough();

        Assert.Equal(Enumerable.Range(0, 600).Select(i => $"{i}"), owner.Told);
        Assert.Equal([256, 256, 88], _store.Commits);
    }

    [Fact]
    public void What_came_during_a_commit_goes_with_the_next()
    {
        _ = _writer.CommitAsync(Put(1));
        _dispatcher.RunAll();
        var second = _writer.CommitAsync(Put(2));
        var third = _writer.CommitAsync(Put(3));
        Assert.Equal(0, _dispatcher.Posted);
        _store.LetThrough();
        Assert.False(second.IsCompleted);
        _store.LetThrough();

        Assert.Equal([1, 2], _store.Commits);
        Assert.True(second.IsCompletedSuccessfully && third.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_failed_commit_stops_the_writer_for_good_and_says_so_to_every_waiter()
    {
        var failures = new List<Exception>();
        _writer.Failed = failures.Add;
        var error = new StoreFailedException("gated", "no space left on device");
        var owner = new RecordingOwner();
        var inFlight = _writer.CommitAsync(Put(1));
        _dispatcher.RunAll();
        var waiting = _writer.CommitAsync(Put(2));
        _writer.Enqueue(owner, "write", "told");
        var drained = _writer.DrainAsync();
        _store.Fail(error);
        var late = _writer.CommitAsync(Put(3));
        _writer.MarkDirty(new RecordingSlot());
        _dispatcher.RunAll();

        Assert.All([inFlight, waiting, late], task => Assert.Same(error, task.Exception?.InnerException));
        Assert.True(drained.IsCompletedSuccessfully);
        Assert.Empty(owner.Told);
        Assert.Equal(["told"], owner.ToldLost);
        Assert.Equal([error], failures);
        Assert.Equal([1], _store.Commits);
    }

    [Fact]
    public void A_write_that_cannot_be_encoded_fails_its_own_waiter_too()
    {
        var failures = new List<Exception>();
        _writer.Failed = failures.Add;
        var broken = _writer.CommitAsync(null!);      // stands for whatever cannot be put into the group's batch
        var after = _writer.CommitAsync(Put(1));
        _dispatcher.RunAll();

        Assert.True(broken.IsFaulted && after.IsFaulted);
        Assert.Single(failures);
        Assert.Empty(_store.Commits);
    }

    [Fact]
    public void Draining_waits_for_what_is_queued_and_for_dirty_slots()
    {
        Assert.True(_writer.DrainAsync().IsCompleted);
        var slot = new RecordingSlot();
        _writer.MarkDirty(slot);
        var drained = _writer.DrainAsync();
        Assert.False(drained.IsCompleted);
        _dispatcher.RunAll();
        Assert.False(drained.IsCompleted);
        _store.LetThrough();

        Assert.True(drained.IsCompletedSuccessfully);
        Assert.Equal(1, slot.Encoded);
    }

    [Fact]
    public void Requests_and_slots_take_turns_so_that_neither_starves()
    {
        var slots = Enumerable.Range(0, 300).Select(_ => new RecordingSlot()).ToArray();
        foreach (var slot in slots) _writer.MarkDirty(slot);
        for (var i = 0; i < 300; i++) _ = _writer.CommitAsync(Put((byte)i));
        _dispatcher.RunAll();

        Assert.Equal(2 * GroupCommit.MaxRequests, _store.Commits[0]);
        Assert.Equal(GroupCommit.MaxRequests, slots.Sum(slot => slot.Encoded));
    }

    /// <summary>Eight threads against one writer: every write is told of, and every dirty slot is asked after its last mark.</summary>
    [Fact]
    public async Task No_wake_up_is_lost_whoever_comes_when()
    {
        await using var store = new InMemoryKeyValueStore();
        await store.OpenAsync(CancellationToken.None);
        var writer = new GroupCommit(store, Dispatcher.ThreadPool, TimeProvider.System, RqmlInstruments.OfProcess.Storage);
        var slots = Enumerable.Range(0, 8).Select(i => new CountingSlot((byte)i)).ToArray();
        var threads = slots.Select(slot => Task.Factory.StartNew(() => Work(slot), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap());
        await Task.WhenAll(threads).WaitAsync(StepLimit);
        await writer.DrainAsync().WaitAsync(StepLimit);

        Assert.All(slots, slot => Assert.Equal(slot.Value, BitConverter.ToInt32(Get(store, [slot.Key]))));

        async Task Work(CountingSlot slot)
        {
            for (var i = 1; i <= 2_000; i++)
            {
                Volatile.Write(ref slot.Value, i);
                writer.MarkDirty(slot);
                if (i % 5 == 0) await writer.CommitAsync(Put(100));
            }
        }
    }

    private static WriteBatch Put(byte key)
    {
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Task, [key], [key]);
        return batch;
    }

    [Fact]
    public async Task Once_closed_it_writes_nothing_more_and_calls_nothing_a_failure()
    {
        var store = new InMemoryKeyValueStore();
        await store.OpenAsync(CancellationToken.None);
        var writer = new GroupCommit(store, Dispatcher.ThreadPool, TimeProvider.System, RqmlInstruments.OfProcess.Storage) { Failed = error => Assert.Fail(error.Message) };
        var before = writer.CommitAsync(Put(1));
        await writer.CloseAsync();
        var slot = new RecordingSlot();
        writer.MarkDirty(slot);

        await before;
        Assert.Equal(0, slot.Encoded);
        await Assert.ThrowsAsync<StoreFailedException>(() => writer.CommitAsync(Put(2)));
    }

    private static byte[] Get(InMemoryKeyValueStore store, byte[] key)
    {
        Assert.True(store.TryGet(StoreFamily.Meta, key, out var value));
        return value;
    }

    private sealed class RecordingOwner : ICommitOwner
    {
        public List<object> Told { get; } = [];

        public List<object> ToldLost { get; } = [];

        public void Encode(object writes, WriteBatch batch) => batch.Put(StoreFamily.Ledger, "owner"u8, default);

        public void Durable(object held) => Told.Add(held);

        public void Lost(object held) => ToldLost.Add(held);
    }

    private sealed class RecordingSlot : IDirty
    {
        public int Encoded { get; private set; }

        public void Encode(WriteBatch batch)
        {
            Encoded++;
            batch.Put(StoreFamily.Checkpoint, "slot"u8, default);
        }
    }

    private sealed class CountingSlot(byte key) : IDirty
    {
        public int Value;

        public byte Key => key;

        public void Encode(WriteBatch batch) => batch.Put(StoreFamily.Meta, [key], BitConverter.GetBytes(Volatile.Read(ref Value)));
    }
}
