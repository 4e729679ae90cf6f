namespace Rqml.Fuzz.Targets;

/// <summary>Every decoder that is fuzzed.</summary>
internal sealed class AllTargets : IDisposable
{
    private readonly RocksDbTargets _rocks = new();

    public AllTargets() => Targets = [.. CoreTargets.All(), .. StoreTargets.All(), .. TransportTargets.All(), .. _rocks.All()];

    public IReadOnlyList<FuzzTarget> Targets { get; }

    public void Dispose() => _rocks.Dispose();
}
