namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>How the bytes of an artifact are stored.</summary>
internal enum ArtifactCodec : byte
{
    Raw = 0,
    Zstd = 1,
}
