using System.Diagnostics.CodeAnalysis;
using Rqml.Storage;

namespace Rqml.Testing.Simulation;

/// <summary>What a machine's disk holds, whoever runs on it. Outlives processes; only durable commits are on it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing; the disk outlives every process.")]
internal sealed class SimulatedDisk
{
    private readonly InMemoryKeyValueStore _image = new();

    public SimulatedDisk() => _image.OpenAsync(CancellationToken.None).AsTask().Wait();

    public InMemoryKeyValueStore Image => _image;

    /// <summary>Whether the next commits find no room.</summary>
    public bool IsFull { get; set; }

    /// <summary>Called for each commit that becomes durable.</summary>
    public Action<WriteBatch>? Applied { get; set; }

    public long Commits { get; private set; }

    public void Apply(WriteBatch batch)
    {
        _image.CommitAsync(batch, CancellationToken.None).AsTask().Wait();
        Commits++;
        Applied?.Invoke(batch);
    }
}

/// <summary>A process's open store on a simulated disk: a commit takes its time, and one that a crash interrupts is there whole or not at all.</summary>
internal sealed class SimulatedStore(World world, SimulatedProcess process, SimulatedDisk disk) : IKeyValueStore
{
    private WriteBatch? _inFlight;
    private bool _dead;

    public string Name => "simulated disk";

    public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        if (_dead) throw new StoreFailedException(Name, "it failed before");
        _inFlight = batch;
        await Task.Delay(TimeSpan.FromMicroseconds(100 + world.Draw(world.Chance(0.05) ? 200_000 : 3_000)), process.Time, cancellationToken);
        if (disk.IsFull)
        {
            _dead = true;
            throw new StoreFailedException(Name, "no space left on device");
        }

        disk.Apply(batch);
        _inFlight = null;
    }

    /// <summary>The machine loses power, or the process is killed: a commit on its way was written in time, or is lost.</summary>
    public void Crash()
    {
        if (_inFlight is { } batch && !disk.IsFull && world.Chance(0.5)) disk.Apply(batch);
        _inFlight = null;
        _dead = true;
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value) => disk.Image.TryGet(family, key, out value);

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => disk.Image.Scan(family, prefix);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
