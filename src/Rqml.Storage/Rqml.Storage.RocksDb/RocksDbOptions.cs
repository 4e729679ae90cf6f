namespace Rqml.Storage.RocksDb;

/// <summary>Where and how a <see cref="RocksDbStore"/> keeps its data.</summary>
public sealed class RocksDbOptions
{
    /// <summary>Folder of the store. It is created if it does not exist; nothing else may be kept in it.</summary>
    /// <value>Default <c>data/rqml</c> under the current folder.</value>
    public string Path { get; set; } = System.IO.Path.Combine("data", "rqml");

    /// <summary>
    /// Opens a store that holds less than it had acknowledged, instead of throwing <see cref="StoreRegressedException"/>. What is missing is lost;
    /// <see cref="RocksDbStore.Regression"/> says how much. Set it for one start, after deciding so, never as a rule.
    /// </summary>
    /// <value>Default false.</value>
    public bool AcceptRegression { get; set; }

    /// <summary>How much is read back when the store opens.</summary>
    /// <value>Default <see cref="StoreVerification.AfterCrash"/>.</value>
    public StoreVerification Verification { get; set; } = StoreVerification.AfterCrash;

    /// <summary>Artifacts of this many bytes or more are kept out of line, in segment files.</summary>
    /// <value>Default 64 KiB. From 4 KiB to 16 MiB.</value>
    public int SegmentThresholdBytes { get; set; } = 64 << 10;

    /// <summary>Bytes after which a segment file is closed and the next one begun. A larger artifact gets a segment of its own.</summary>
    /// <value>Default 64 MiB. From 64 KiB to 1 GiB.</value>
    public int SegmentBytes { get; set; } = 64 << 20;

    /// <summary>Bytes that RocksDB gathers in memory, per family, before it writes a table.</summary>
    /// <value>Default 64 MiB. From 64 KiB to 1 GiB.</value>
    public int WriteBufferBytes { get; set; } = 64 << 20;

    /// <summary>Bytes of recently read blocks kept in memory, for all families together.</summary>
    /// <value>Default 32 MiB. From 1 MiB to 64 GiB.</value>
    public long BlockCacheBytes { get; set; } = 32 << 20;
}
