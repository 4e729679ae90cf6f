using Rqml.Storage.RocksDb;

namespace Rqml.Storage.CrashChild;

/// <summary>The store under test, tuned so that a few hundred commits pass through every part of it.</summary>
internal static class CrashStore
{
    public static RocksDbOptions Options(string path) => new()
    {
        Path = path,
        SegmentThresholdBytes = 4 << 10,
        SegmentBytes = 128 << 10,
        WriteBufferBytes = 64 << 10,
    };

    public static StoreTuning Tuning(Action<StoreStep>? onStep = null) => new() { CommitsPerPrune = 32, RewriteBytes = 64 << 10, OnStep = onStep };

    public static RocksDbStore Create(string path, Action<StoreStep>? onStep = null) => new(Options(path), Tuning(onStep));
}
