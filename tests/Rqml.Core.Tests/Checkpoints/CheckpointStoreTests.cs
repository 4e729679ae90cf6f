using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Storage;
using static Rqml.Checkpoints.TestCheckpoints;

namespace Rqml.Checkpoints;

public sealed class CheckpointStoreTests
{
    [Fact]
    public async Task A_task_goes_on_from_its_newest_checkpoint()
    {
        await using var checkpoints = new TestCheckpoints();
        var last = Snapshot(2, "b", best: "a") with { Score = 0.25, BestScore = 0.5, BestIteration = 1, Similarities = [0.1, 0.9], Rejections = 2, ElapsedMs = 17, Cost = 3.5, Model = 1, Tier = 1 };
        checkpoints.Write(Snapshot(1, "a"));
        checkpoints.Write(last);
        var resumed = checkpoints.Restart();

        Contents.AssertSame(last with { Decisions = [] }, resumed);
        Assert.Equal("b"u8.ToArray(), resumed.Artifact.ToArray());
        Assert.Equal("a"u8.ToArray(), resumed.Best.ToArray());
    }

    [Fact]
    public async Task What_a_leader_gave_out_is_newer_than_what_the_node_gave_itself_in_the_same_term()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Restart(epoch: Epoch.OfSelf(new Term(1, 1), new LedgerId(9), 4).Number);
        checkpoints.Write(Snapshot(3, "a"));
        checkpoints.Restart(epoch: 2);
        checkpoints.Write(Snapshot(3, "a"));
        checkpoints.Write(Snapshot(4, "b"));

        var resumed = checkpoints.Restart();
        Assert.Equal((4, "b"), (resumed.Iteration, System.Text.Encoding.UTF8.GetString(resumed.Artifact.Span)));
    }

    [Fact]
    public async Task A_task_without_checkpoints_begins_at_the_beginning()
    {
        await using var checkpoints = new TestCheckpoints();

        Assert.Equal(0, checkpoints.Restart().Iteration);
        Assert.Empty(checkpoints.Store.Read(TestCheckpoints.Task));
        Assert.Equal(0, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task The_newest_three_states_are_kept_and_the_history_of_all()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 500; i++) checkpoints.Write(Snapshot(i, $"artifact {i}", decisions: $"{i}"));

        Assert.Equal(3, checkpoints.States().Count);
        Assert.Equal(["artifact 498", "artifact 499", "artifact 500"], checkpoints.Artifacts());
        Assert.Equal(Enumerable.Range(1, 500).Select(i => $"{i}"), checkpoints.Decisions());
        var read = checkpoints.Store.Read(TestCheckpoints.Task);
        Assert.Equal(Enumerable.Range(1, 500), read.Select(checkpoint => checkpoint.Iteration));
        Assert.Equal([498, 499, 500], read.Where(checkpoint => checkpoint.Artifacts.Count > 0).Select(checkpoint => checkpoint.Iteration));
        Assert.Equal(0, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task Opening_a_long_task_reads_its_newest_states_and_not_its_history()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 1_000; i++) checkpoints.Write(Snapshot(i, $"artifact {i}", decisions: $"{i}"));
        var counted = new CountingStore(checkpoints.Disk);
        var (snapshot, _) = new CheckpointStore(counted, RqmlInstruments.OfProcess.Checkpoints).LoadNewest(TestCheckpoints.Task);

        Assert.Equal(1_000, snapshot.Iteration);
        Assert.Equal(3, counted.Scanned);
        Assert.InRange(counted.Looked, 3, 20);
    }

    [Fact]
    public async Task A_failed_pass_replaces_the_state_of_its_iteration_and_no_decision()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Write(Snapshot(1, "a", decisions: "made it"));
        checkpoints.Write(Snapshot(1, "a", failures: 1, decisions: "failed once"));
        checkpoints.Write(Snapshot(1, "a", failures: 2, decisions: "failed twice"));
        checkpoints.Write(Snapshot(2, "b", decisions: "went on"));

        Assert.Equal(2, checkpoints.States().Count);
        Assert.Equal(["made it", "failed once", "failed twice", "went on"], checkpoints.Decisions());
        Assert.Equal(["a", "b"], checkpoints.Artifacts());
        Assert.Equal(0, checkpoints.Store.Damaged);
        Assert.Equal(2, checkpoints.Restart().Iteration);
    }

    [Fact]
    public async Task An_artifact_stays_as_long_as_one_of_the_last_three_names_it()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Write(Snapshot(1, "best", best: "best"));
        for (var i = 2; i <= 6; i++) checkpoints.Write(Snapshot(i, $"{i}", best: "best"));
        Assert.Equal(["4", "5", "6", "best"], checkpoints.Artifacts());

        for (var i = 7; i <= 9; i++) checkpoints.Write(Snapshot(i, $"{i}", best: "better"));
        Assert.Equal(["7", "8", "9", "better"], checkpoints.Artifacts());
    }

    [Fact]
    public async Task After_a_restart_no_artifact_is_deleted_that_an_older_checkpoint_names_and_none_is_leaked()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 3; i++) checkpoints.Write(Snapshot(i, $"{i}", best: "1"));
        checkpoints.Restart();
        checkpoints.Write(Snapshot(4, "4", best: "1"));
        Assert.Equal(["1", "2", "3", "4"], checkpoints.Artifacts());
        checkpoints.Restart(epoch: 2);
        checkpoints.Write(Snapshot(5, "5", best: "5"));
        checkpoints.Write(Snapshot(6, "6", best: "5"));
        Assert.Equal(["1", "4", "5", "6"], checkpoints.Artifacts());
        checkpoints.Write(Snapshot(7, "7", best: "5"));

        Assert.Equal(["5", "6", "7"], checkpoints.Artifacts());
        Assert.Equal(3, checkpoints.States().Count);
        Assert.Equal(Enumerable.Range(1, 7), checkpoints.Store.Read(TestCheckpoints.Task).Select(checkpoint => checkpoint.Iteration));
        Assert.Equal(0, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task An_attempt_that_takes_over_goes_on_with_the_chain_of_the_one_before()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Write(Snapshot(5, "shared"));
        var chain = checkpoints.Store.LoadNewest(TestCheckpoints.Task).Chain;
        var batch = new WriteBatch();
        for (var i = 6; i <= 8; i++) chain.Append(new Attempt(TestCheckpoints.Task, new Epoch(1, 2, 1)), Snapshot(i, i == 6 ? "shared" : $"{i}"), "small", batch);
        await checkpoints.Disk.CommitAsync(batch, CancellationToken.None);

        Assert.Equal(["7", "8", "shared"], checkpoints.Artifacts());
        Assert.Equal(8, checkpoints.Restart().Iteration);
        Assert.Equal(0, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task A_torn_state_is_skipped_and_counted_and_the_one_before_is_used()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 3; i++) checkpoints.Write(Snapshot(i, $"{i}", decisions: $"{i}"));
        var newest = checkpoints.States()[^1];
        checkpoints.Change(batch => batch.Put(StoreFamily.Checkpoint, newest.Key, newest.Value.AsSpan(0, newest.Value.Length / 2)));

        Assert.Equal(2, checkpoints.Restart().Iteration);
        for (var looked = 0; looked < 3; looked++) checkpoints.Store.Read(TestCheckpoints.Task);
        Assert.Equal(1, checkpoints.Store.Damaged);      // however often it is looked at
        checkpoints.Write(Snapshot(3, "3 again", decisions: "3 again"));
        Assert.Equal(3, checkpoints.Restart().Iteration);
        Assert.Equal(0, checkpoints.Store.Damaged);
        Assert.Equal(["1", "2", "3", "3 again"], checkpoints.Decisions());
    }

    [Fact]
    public async Task A_checkpoint_that_nothing_vouches_for_counts_once_however_it_is_looked_at()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 3; i++) checkpoints.Write(Snapshot(i, $"{i}"));
        foreach (var state in checkpoints.States()) checkpoints.Flip(StoreFamily.Checkpoint, state, bit: 40);
        checkpoints.Restart();
        for (var looked = 0; looked < 3; looked++) checkpoints.Store.Read(TestCheckpoints.Task);

        Assert.Equal(3, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task A_missing_or_changed_artifact_makes_its_checkpoint_count_as_damaged()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 3; i++) checkpoints.Write(Snapshot(i, $"{i}"));
        var artifacts = checkpoints.Disk.Scan(StoreFamily.Artifact, default).ToDictionary(entry => System.Text.Encoding.UTF8.GetString(entry.Value));
        checkpoints.Change(batch => batch.Delete(StoreFamily.Artifact, artifacts["3"].Key));
        Assert.Equal(2, checkpoints.Restart().Iteration);
        checkpoints.Flip(StoreFamily.Artifact, artifacts["2"], bit: 3);
        Assert.Equal(1, checkpoints.Restart().Iteration);

        Assert.Equal(2, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task Where_no_state_is_whole_the_task_begins_anew_and_its_history_goes_on()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 5; i++) checkpoints.Write(Snapshot(i, $"{i}", decisions: $"{i}"));
        foreach (var state in checkpoints.States()) checkpoints.Flip(StoreFamily.Checkpoint, state, bit: 40);

        Assert.Equal(0, checkpoints.Restart().Iteration);
        Assert.Equal(3, checkpoints.Store.Damaged);
        checkpoints.Write(Snapshot(1, "1", decisions: "1 again"));
        Assert.Single(checkpoints.States());
        Assert.Equal(["1", "2", "3", "4", "5", "1 again"], checkpoints.Decisions());
    }

    [Fact]
    public async Task Every_flipped_bit_of_a_checkpoint_is_detected_or_means_the_same()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 2; i++) checkpoints.Write(Snapshot(i, $"{i}", decisions: $"{i}") with { Similarities = [0.5], Score = 0.5, Cost = 1 });
        var before = checkpoints.Restart();
        foreach (var (family, entry) in new[] { (StoreFamily.Checkpoint, checkpoints.States()[^1]), (StoreFamily.Checkpoint, checkpoints.Entries()[^1]) })
        {
            for (var bit = 0; bit < entry.Value.Length * 8; bit++)
            {
                checkpoints.Flip(family, entry, bit);
                var found = checkpoints.Restart();
                Assert.True(
                    (found.Iteration == 1 && checkpoints.Store.Damaged == 1) || (found.Iteration == 2 && Same(found, before)),
                    $"bit {bit} of {entry.Value.Length} bytes went by: iteration {found.Iteration}, {checkpoints.Store.Damaged} damaged");
                checkpoints.Change(batch => batch.Put(family, entry.Key, entry.Value));
            }
        }

        static bool Same(RefinementSnapshot left, RefinementSnapshot right) => Contents.Describe(left with { Decisions = [] }) == Contents.Describe(right with { Decisions = [] });
    }

    [Fact]
    public async Task A_checkpoint_that_does_not_follow_the_one_before_counts_as_damaged()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 3; i++) checkpoints.Write(Snapshot(i, $"{i}", decisions: $"{i}"));

        // Whole in itself, but of another history: as if somebody had put a state from elsewhere in the place of the third.
        var (record, entry) = CheckpointCodec.Write(new Attempt(TestCheckpoints.Task, new Epoch(1, 1, 1)), Snapshot(3, "3"), "small", 3, new byte[32]);
        checkpoints.Change(batch =>
        {
            batch.Put(StoreFamily.Checkpoint, checkpoints.States()[^1].Key, Google.Protobuf.MessageExtensions.ToByteArray(record));
            batch.Put(StoreFamily.Checkpoint, checkpoints.Entries()[^1].Key, Google.Protobuf.MessageExtensions.ToByteArray(entry));
        });

        Assert.Equal(2, checkpoints.Restart().Iteration);
        Assert.Equal(1, checkpoints.Store.Damaged);
        Assert.Equal(["1", "2"], checkpoints.Decisions());
        Assert.Equal(1, checkpoints.Store.Damaged);      // the same one
    }

    [Fact]
    public async Task A_checkpoint_of_another_task_is_none_of_ours()
    {
        await using var checkpoints = new TestCheckpoints();
        checkpoints.Write(Snapshot(1, "1"));
        var other = TaskId.Create(2_000, 1, new LedgerId(9));
        foreach (var stored in checkpoints.Disk.Scan(StoreFamily.Checkpoint, default).ToList())
        {
            var key = stored.Key.ToArray();
            other.WriteTo(key);
            checkpoints.Change(batch => batch.Put(StoreFamily.Checkpoint, key, stored.Value));
        }

        Assert.Equal(0, checkpoints.Store.LoadNewest(other).Snapshot.Iteration);
        Assert.Equal(1, checkpoints.Store.Damaged);
    }

    [Fact]
    public async Task Dropping_the_task_leaves_nothing()
    {
        await using var checkpoints = new TestCheckpoints();
        for (var i = 1; i <= 10; i++) checkpoints.Write(Snapshot(i, $"{i}", best: $"best {i}", decisions: $"{i}"));
        checkpoints.Change(batch => NodeStore.DropTask(batch, TestCheckpoints.Task));

        Assert.All(Enum.GetValues<StoreFamily>(), family => Assert.Empty(checkpoints.Disk.Scan(family, default)));
    }

    /// <summary>Counts what is read.</summary>
    private sealed class CountingStore(IKeyValueStore inner) : IKeyValueStore
    {
        public int Scanned { get; private set; }

        public int Looked { get; private set; }

        public string Name => inner.Name;

        public ValueTask OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

        public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken) => inner.CommitAsync(batch, cancellationToken);

        public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
        {
            Looked++;
            return inner.TryGet(family, key, out value);
        }

        public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => inner.Scan(family, prefix).Select(entry =>
        {
            Scanned++;
            return entry;
        });

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
