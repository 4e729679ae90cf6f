namespace Rqml.Storage.RocksDb;

/// <summary>Bounds of the housekeeping that follows a commit, and the tests' way to watch a store. Constants in production.</summary>
internal sealed record StoreTuning
{
    public static readonly StoreTuning Default = new();

    /// <summary>Commits between two prunings of the commit log. Bounds its reading at open: twice as many keys, about 10 ms.</summary>
    public int CommitsPerPrune { get; init; } = 16_384;

    /// <summary>Live bytes copied out of a mostly dead segment after one commit.</summary>
    public int RewriteBytes { get; init; } = 4 << 20;

    public Action<StoreStep>? OnStep { get; init; }
}
