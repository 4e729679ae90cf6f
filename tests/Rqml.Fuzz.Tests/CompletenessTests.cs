using System.Buffers;
using System.Reflection;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Rqml.Cluster;
using Rqml.Fuzz.Targets;
using Rqml.Storage;
using Rqml.Storage.RocksDb;
using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Transports.Grpc;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Fuzz.Tests;

/// <summary>Who writes a decoder is asked here which target feeds it.</summary>
public sealed partial class CompletenessTests
{
    private static readonly Type[] Sources =
    [
        typeof(byte[]), typeof(ReadOnlySpan<byte>), typeof(ReadOnlyMemory<byte>), typeof(ReadOnlySequence<byte>), typeof(ReadOnlySequence<byte>).MakeByRefType(),
        typeof(ReadOnlySpan<char>), typeof(string), typeof(ByteString), typeof(IKeyValueStore), typeof(CoordinationEntry), typeof(SegmentFile), typeof(Guid),
    ];

    /// <summary>Decoder → the targets that reach it.</summary>
    private static readonly Dictionary<string, string> Fed = new(StringComparer.Ordinal)
    {
        ["AdministrationCodec.Read"] = "message",
        ["ArtifactCompressor.Decompress"] = "artifact-value segment-file",
        ["ArtifactReading.ReadArtifact"] = "json-artifact",
        ["ArtifactValue.IsPointer"] = "artifact-value",
        ["ArtifactValue.ReadInline"] = "artifact-value",
        ["BlockCodec.Read"] = "grpc-block",
        ["BlockPrefix.TryRead"] = "tcp-blocks",
        ["CheckpointCodec.Describe"] = "checkpoint-entry checkpoint-chain",
        ["CheckpointCodec.Read"] = "checkpoint-state checkpoint-chain",
        ["CheckpointCodec.ReadEntry"] = "checkpoint-entry checkpoint-chain",
        ["CheckpointCodec.Restore"] = "checkpoint-state checkpoint-chain",
        ["CoordinationKeys.Read"] = "member",
        ["CoordinationKeys.ReadGeneration"] = "generation",
        ["CoordinationKeys.TryRead"] = "member",
        ["CoordinationKeys.TryReadGeneration"] = "generation",
        ["Digest.Read"] = "artifact-value record-header own-records",
        ["HighWaterMark.Open"] = "mark-file",
        ["KeyValueDatabase.Open"] = "own-records",
        ["LogTrap.Disarm"] = "log",
        ["MarkSlot.TryRead"] = "mark-slot mark-file",
        ["EventCodec.Read"] = "event",
        ["FrameHeader.Read"] = "frames",
        ["Hello.Read"] = "hello",
        ["InlineCheckpoint.Read"] = "checkpoint-copy",
        ["MessageCodec.Read"] = "message",
        ["NativeDatabase.Open"] = "own-records",
        ["NodeStore.IsNew"] = "node-store",
        ["NodeStore.ReadAttempts"] = "node-store",
        ["NodeStore.ReadEndedInOrder"] = "node-store",
        ["NodeStore.ReadLeadership"] = "node-store",
        ["NodeStore.ReadLedger"] = "node-store",
        ["NodeStore.ReadLedgerId"] = "node-store",
        ["NodeStore.ReadMembers"] = "node-store",
        ["NodeStore.ReadOutbound"] = "node-store",
        ["NodeStore.ReadSelfAttempts"] = "node-store",
        ["NodeStore.ReadSettlement"] = "node-store",
        ["NodeStore.ReadSubmission"] = "node-store",
        ["NodeStore.ReadTerm"] = "node-store",
        ["NodeStore.ReadWitnessed"] = "node-store",
        ["RecordHeader.TryRead"] = "record-header segment-file",
        ["RecordLengths.AreSound"] = "message submission",
        ["RecordLocation.Read"] = "record-location own-records",
        ["RecordParser.Read"] = "message hello submission settlement settled strikes attempt outbound peer decision",
        ["Records.Read"] = "submission settlement settled strikes attempt outbound peer",
        ["Records.ReadClass"] = "submission",
        ["Records.ReadNode"] = "peer settlement",
        ["Records.ReadTask"] = "submission",
        ["SegmentFile.Open"] = "segment-file",
        ["SegmentHeader.TryRead"] = "segment-header segment-file",
        ["SegmentRecord.Read"] = "segment-file",
        ["SegmentSet.Open"] = "own-records",
        ["SessionMessage.TryRead"] = "zmq-session",
        ["SupervisionRecords.Read"] = "decision settlement message",
        ["SupervisionRecords.ReadTally"] = "decision",
        ["TaskId.Parse"] = "task-id-text",
        ["TaskId.Read"] = "task-id",
        ["TaskId.TryParse"] = "task-id-text",
        ["TraceContext.Read"] = "trace",
        ["VoteCodec.Read"] = "message",
    };

    [Fact]
    public void Every_decoder_is_fed_by_a_target()
    {
        using var all = new AllTargets();
        var names = all.Targets.Select(target => target.Name).ToHashSet(StringComparer.Ordinal);

        Assert.True(Lines(Fed.Keys) == Lines(Decoders().Distinct()), $"Fed here:\n{Lines(Fed.Keys)}\nFound:\n{Lines(Decoders().Distinct())}");
        Assert.All(Fed.Values.SelectMany(targets => targets.Split(' ')), target => Assert.Contains(target, names));
    }

    private static string Lines(IEnumerable<string> names) => string.Join('\n', names.Order(StringComparer.Ordinal));

    /// <summary>By their names and by what they take: bytes, text, a record of protobuf, or a store.</summary>
    private static IEnumerable<string> Decoders() =>
        from assembly in new[] { typeof(IRqmlClient).Assembly, typeof(RocksDbStore).Assembly, typeof(TcpTransport).Assembly, typeof(GrpcTransport).Assembly, typeof(ZeroMqTransport).Assembly }
        from type in assembly.GetTypes()
        where !typeof(IMessage).IsAssignableFrom(type) && type.Namespace?.StartsWith("Rqml", StringComparison.Ordinal) == true && !type.Name.Contains('<', StringComparison.Ordinal) && type.Name != "Log"
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where !method.IsPrivate && DecoderName().IsMatch(method.Name)
        where method.GetParameters().Any(parameter => Sources.Contains(parameter.ParameterType) || typeof(IMessage).IsAssignableFrom(parameter.ParameterType))
        select $"{type.Name}.{method.Name}";

    [GeneratedRegex("^(Try)?(Read|Parse|Decompress|Deserialize|Disarm|Restore|Describe|AreSound|IsNew|IsPointer|Open)")]
    private static partial Regex DecoderName();
}
