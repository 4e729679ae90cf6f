using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Storage;
using static Rqml.Checkpoints.TestCheckpoints;

namespace Rqml.Checkpoints;

public sealed class CheckpointSlotTests
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_newest_wins_and_carries_the_decisions_of_what_it_replaced()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Slot.Put(Snapshot(1, "a", decisions: "one"));
        checkpoints.Slot.Put(Snapshot(2, "b", decisions: ["two", "and a half"]));
        checkpoints.Slot.Put(Snapshot(3, "c", decisions: "three"));
        checkpoints.Flush();

        var written = Assert.Single(checkpoints.Store.Read(TestCheckpoints.Task));
        Assert.Equal(3, written.Iteration);
        Assert.Equal(["one", "two", "and a half", "three"], checkpoints.Decisions());
        Assert.Equal(["c"], checkpoints.Artifacts());
        Assert.Equal(2, checkpoints.Slot.Replaced);
    }

    [Fact]
    public async Task A_waiting_slot_stands_in_the_queue_once_however_often_it_is_filled()
    {
        await using var store = new GatedStore();
        var dispatcher = new ManualDispatcher();
        var writer = new GroupCommit(store, dispatcher, TimeProvider.System, RqmlInstruments.OfProcess.Storage);
        var slot = new CheckpointSlot(new Attempt(TestCheckpoints.Task, default), writer, new CheckpointChain(), [new ModelDescriptor("small", 0, "a", 1, "cpu")], RqmlInstruments.OfProcess.Checkpoints);
        var asked = new CountedSlot(slot);
        for (var i = 1; i <= 100; i++) slot.Put(Snapshot(i, "a"));
        writer.MarkDirty(asked);
        dispatcher.RunAll();

        // The second in the queue is the one that was marked after a hundred snapshots.
        Assert.Equal(1, asked.Encoded);
        Assert.Equal([3], store.Commits);
    }

    [Fact]
    public async Task The_model_is_the_one_of_the_snapshot_that_is_written()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Slot.Put(Snapshot(1, "a") with { Model = 0 });
        checkpoints.Slot.Put(Snapshot(2, "b") with { Model = 1, Tier = 1 });
        checkpoints.Flush();
        checkpoints.Write(Snapshot(3, "c") with { Model = 0, Tier = 1 });

        Assert.Equal(["large", "small"], checkpoints.Store.Read(TestCheckpoints.Task).Select(checkpoint => checkpoint.Model));
    }

    [Fact]
    public async Task A_closed_slot_writes_nothing_more()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Slot.Put(Snapshot(1, "a"));
        checkpoints.Slot.Close();
        checkpoints.Flush();
        checkpoints.Write(Snapshot(2, "b"));

        Assert.Empty(checkpoints.States());
        Assert.Empty(checkpoints.Artifacts());
    }

    /// <summary>A worker that never waits against a writer on another thread: the decisions on disk are those that were made, each once and in order.</summary>
    [Fact]
    public async Task However_putting_and_writing_race_no_decision_is_lost_or_written_twice()
    {
        const int Snapshots = 20_000;
        await using var store = new InMemoryKeyValueStore();
        await store.OpenAsync(CancellationToken.None);
        var writer = new GroupCommit(store, Dispatcher.ThreadPool, TimeProvider.System, RqmlInstruments.OfProcess.Storage);
        var slot = new CheckpointSlot(new Attempt(TestCheckpoints.Task, default), writer, new CheckpointChain(), [new ModelDescriptor("small", 0, "a", 1, "cpu")], RqmlInstruments.OfProcess.Checkpoints);
        for (var i = 1; i <= Snapshots; i++)
        {
            slot.Put(Snapshot(i, "a", decisions: $"{i}"));
            if (i % 64 == 0) await writer.DrainAsync().WaitAsync(StepLimit);
        }

        await writer.DrainAsync().WaitAsync(StepLimit);
        var checkpoints = new CheckpointStore(store, RqmlInstruments.OfProcess.Checkpoints);
        var written = checkpoints.Read(TestCheckpoints.Task);

        Assert.Equal(Enumerable.Range(1, Snapshots).Select(i => $"{i}"), written.SelectMany(checkpoint => checkpoint.Decisions).Select(decision => decision.Seen.Model));
        Assert.Equal(Snapshots, written.Count + slot.Replaced);
        Assert.Equal(Snapshots, checkpoints.LoadNewest(TestCheckpoints.Task).Snapshot.Iteration);
        Assert.Equal(0, checkpoints.Damaged);
    }

    private sealed class CountedSlot(IDirty slot) : IDirty
    {
        public int Encoded { get; private set; }

        public void Encode(WriteBatch batch)
        {
            Encoded++;
            slot.Encode(batch);
        }
    }
}
