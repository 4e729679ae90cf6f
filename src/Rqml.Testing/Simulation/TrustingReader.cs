using System.Security.Cryptography;
using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Storage;

namespace Rqml.Testing.Simulation;

/// <summary>Reads checkpoints with hashes that fit whatever is there: as a reader would see them who never compares one.</summary>
internal sealed class TrustingReader(SimulatedDisk disk)
{
    private readonly Dictionary<string, byte[]> _artifacts = [];

    public StoreEntry Seal(StoreEntry entry)
    {
        Protocol.TaskCheckpoint record;
        try
        {
            record = Protocol.TaskCheckpoint.Parser.ParseFrom(entry.Value);
        }
        catch (InvalidProtocolBufferException)
        {
            return entry;      // nothing to trust
        }

        var task = TaskId.Read(entry.Key);
        foreach (var artifact in record.IntermediateArtifacts)
        {
            if (!disk.Image.TryGet(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(task, artifact.Sha256.Span), out var bytes)) continue;
            artifact.Sha256 = ByteString.CopyFrom(SHA256.HashData(bytes));
            _artifacts[Convert.ToHexString(CheckpointStore.ArtifactKeyOf(task, artifact.Sha256.Span))] = bytes;
        }

        record.Hash = ByteString.Empty;
        record.Hash = ByteString.CopyFrom(SHA256.HashData(record.ToByteArray()));
        return new StoreEntry(entry.Key, record.ToByteArray());
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        value = [];
        return family == StoreFamily.Artifact && _artifacts.TryGetValue(Convert.ToHexString(key), out value!);
    }
}
