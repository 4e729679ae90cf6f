using System.Diagnostics.CodeAnalysis;
using Rqml.Storage;

namespace Rqml.Testing.Simulation;

/// <summary>What a machine's disk holds, whoever runs on it. Outlives processes; only durable commits are on it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing; the disk outlives every process.")]
internal sealed class SimulatedDisk
{
    private readonly List<WriteBatch> _commits = [];

    public InMemoryKeyValueStore Image { get; private set; } = Empty();

    /// <summary>Whether the next commits find no room.</summary>
    public bool IsFull { get; set; }

    /// <summary>Called for each commit that becomes durable.</summary>
    public Action<WriteBatch>? Applied { get; set; }

    /// <summary>Commits that are there.</summary>
    public int Found => _commits.Count;

    /// <summary>Commits that were acknowledged: a mark of its own, which no damage to the commits touches.</summary>
    public int Acknowledged { get; private set; }

    public void Apply(WriteBatch batch)
    {
        var copy = batch.Copy();
        _commits.Add(copy);
        Commit(Image, copy);
        Acknowledged = _commits.Count;
        Applied?.Invoke(copy);
    }

    /// <summary>A flipped byte in the log: the last commits are silently gone.</summary>
    public void LoseLast(int commits)
    {
        _commits.RemoveRange(Math.Max(0, _commits.Count - commits), Math.Min(commits, _commits.Count));
        Image = Empty();
        foreach (var commit in _commits) Commit(Image, commit);
    }

    /// <summary>A bit of one stored value is not what it was. Null where there is no such value that is whole.</summary>
    public StoreEntry? Damage(StoreFamily family, ReadOnlyMemory<byte> prefix, Func<byte[], bool> isWhole, Func<int, int> draw)
    {
        var entries = Image.Scan(family, prefix).Where(entry => isWhole(entry.Key)).ToArray();      // the same bit twice would mend it
        if (entries.Length == 0) return null;
        var (key, value) = entries[draw(2) == 0 ? entries.Length - 1 : draw(entries.Length)];
        var damaged = value.ToArray();
        damaged[draw(damaged.Length)] ^= (byte)(1 << draw(8));
        var batch = new WriteBatch();
        batch.Put(family, key, damaged);
        Commit(Image, batch);
        return new StoreEntry(key, damaged);
    }

    /// <summary>Takes what is there for all there ever was.</summary>
    public void Accept() => Acknowledged = _commits.Count;

    /// <summary>A new, empty disk.</summary>
    public void Replace()
    {
        _commits.Clear();
        Acknowledged = 0;
        Image = Empty();
    }

    private static InMemoryKeyValueStore Empty()
    {
        var image = new InMemoryKeyValueStore();
        image.OpenAsync(CancellationToken.None).AsTask().Wait();
        return image;
    }

    private static void Commit(InMemoryKeyValueStore image, WriteBatch batch) => image.CommitAsync(batch, CancellationToken.None).AsTask().Wait();
}

/// <summary>A process's open store on a simulated disk: a commit takes its time, and one that a crash interrupts is there whole or not at all.</summary>
internal sealed class SimulatedStore(World world, SimulatedProcess process, SimulatedDisk disk, Mutant mutant) : IKeyValueStore
{
    private readonly TrustingReader _trusting = new(disk);
    private WriteBatch? _inFlight;
    private bool _isDead;

    public string Name => "simulated disk";

    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (mutant == Mutant.CheckpointLossIgnored) disk.Accept();
        if (disk.Found < disk.Acknowledged) throw new StoreRegressedException(Name, disk.Acknowledged, disk.Found);
        return ValueTask.CompletedTask;
    }

    public async ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        if (_isDead) throw new StoreFailedException(Name, "it failed before");
        _inFlight = batch;
        await Task.Delay(TimeSpan.FromMicroseconds(100 + world.Draw(world.Chance(0.15) ? 400_000 : 3_000)), process.Time, cancellationToken);
        if (disk.IsFull)
        {
            _isDead = true;
            throw new StoreFailedException(Name, "no space left on device");
        }

        disk.Apply(batch);
        _inFlight = null;
    }

    /// <summary>The machine loses power, or the process is killed: a commit on its way was written in time, or is lost. True where one was lost.</summary>
    public bool Crash()
    {
        var isLost = _inFlight is not null && (disk.IsFull || world.Chance(0.5));
        if (_inFlight is { } batch && !isLost) disk.Apply(batch);
        _inFlight = null;
        _isDead = true;
        return isLost;
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        value = [];
        if (IsForgotten(family, key)) return false;
        if (mutant == Mutant.DamagedCheckpointTrusted && _trusting.TryGet(family, key, out value)) return true;
        return disk.Image.TryGet(family, key, out value);
    }

    private bool IsForgotten(StoreFamily family, ReadOnlySpan<byte> key) => family == StoreFamily.Meta && mutant switch
    {
        Mutant.HighestTermVolatile => key.SequenceEqual("term"u8),
        Mutant.GenerationNotRaised or Mutant.CachedGeneration => key.SequenceEqual("witnessed"u8),
        _ => false,
    };

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => (mutant, family) switch
    {
        (Mutant.OutboundForgottenOnReboot, StoreFamily.Outbound) or (Mutant.ResumeFromNothing, StoreFamily.Checkpoint) => [],
        (Mutant.DamagedCheckpointTrusted, StoreFamily.Checkpoint) => disk.Image.Scan(family, prefix).Select(_trusting.Seal),
        _ => disk.Image.Scan(family, prefix),
    };

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
