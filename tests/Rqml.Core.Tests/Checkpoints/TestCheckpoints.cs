using Rqml.Diagnostics;
using Rqml.Refinement;
using Rqml.Storage;
using Rqml.Supervision;

namespace Rqml.Checkpoints;

/// <summary>One task's checkpoints, written through a slot as a worker does, into a store that a test may damage and open again.</summary>
internal sealed class TestCheckpoints : IAsyncDisposable
{
    public static readonly TaskId Task = TaskId.Create(1_000, 7, new LedgerId(9));
    private static readonly ModelDescriptor[] Models = [new("small", 0, "a", 1, "cpu"), new("large", 1, "b", 1, "cpu")];

    private readonly ManualDispatcher _dispatcher = new();
    private readonly GroupCommit _writer;
    private CheckpointSlot _slot;

    public TestCheckpoints()
    {
        Disk.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _writer = new GroupCommit(Disk, _dispatcher, TimeProvider.System, RqmlInstruments.OfProcess.Storage);
        _slot = SlotOf(new Epoch(1, 1, 1), new CheckpointChain());
        Store = new CheckpointStore(Disk, RqmlInstruments.OfProcess.Checkpoints);
    }

    public InMemoryKeyValueStore Disk { get; } = new();

    public CheckpointStore Store { get; private set; }

    public CheckpointSlot Slot => _slot;

    public static RefinementSnapshot Snapshot(int iteration, string artifact, string? best = null, int failures = 0, params string[] decisions) => new()
    {
        Iteration = iteration,
        IsRouted = true,
        HasArtifact = true,
        Artifact = Bytes(artifact),
        Best = Bytes(best ?? artifact),
        Failures = failures,
        Decisions = [.. decisions.Select(decision => new DecisionRecord(new Observation { Kind = ObservationKind.Refined, Iteration = iteration, Model = decision, Score = 0.5, BestScore = 0.5, Failures = failures, BudgetLeft = true }, SupervisionDecision.Continue("gets on"), 1, new NodeId("node")))],
    };

    /// <summary>Hands one over, and lets the writer write it.</summary>
    public void Write(RefinementSnapshot snapshot)
    {
        _slot.Put(snapshot);
        Flush();
    }

    public void Flush() => _dispatcher.RunAll();

    /// <summary>The node starts again, and the task goes on from what the disk holds.</summary>
    public RefinementSnapshot Restart(long epoch = 1)
    {
        Store = new CheckpointStore(Disk, RqmlInstruments.OfProcess.Checkpoints);
        var (snapshot, chain) = Store.LoadNewest(Task);
        _slot = SlotOf(new Epoch(1, 1, epoch), chain);
        return snapshot;
    }

    public IReadOnlyList<string> Decisions() => [.. Store.Read(Task).SelectMany(checkpoint => checkpoint.Decisions).Select(decision => decision.Seen.Model)];

    public IReadOnlyList<string> Artifacts() => [.. Disk.Scan(StoreFamily.Artifact, default).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Value)).Order(StringComparer.Ordinal)];

    public IReadOnlyList<StoreEntry> States() => [.. Disk.Scan(StoreFamily.Checkpoint, default).Where(entry => entry.Key.Length == CheckpointStore.StateKeyBytes)];

    public IReadOnlyList<StoreEntry> Entries() => [.. Disk.Scan(StoreFamily.Checkpoint, default).Where(entry => entry.Key.Length != CheckpointStore.StateKeyBytes)];

    public void Change(Action<WriteBatch> fill)
    {
        var batch = new WriteBatch();
        fill(batch);
        Disk.CommitAsync(batch, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public void Flip(StoreFamily family, StoreEntry entry, int bit) => Change(batch =>
    {
        var bytes = entry.Value.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        batch.Put(family, entry.Key, bytes);
    });

    public ValueTask DisposeAsync() => Disk.DisposeAsync();

    private CheckpointSlot SlotOf(Epoch epoch, CheckpointChain chain) => new(new Attempt(Task, epoch), _writer, chain, Models, RqmlInstruments.OfProcess.Checkpoints);

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
