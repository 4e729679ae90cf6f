using System.Buffers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Rqml.Cluster;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Supervision.Events;
using Rqml.Tasks;

namespace Rqml.Fuzz.Targets;

/// <summary>What comes to Rqml.Core from a wire, from a record of a store, or from a user.</summary>
internal static class CoreTargets
{
    private static readonly string[] Json = ["null", "{}", """{"Text":"a\u00e9","Numbers":[1,-2.5e3]}""", """{"Text":"\ud83d\ude00","Inner":{"Text":null,"Inner":{}}}"""];

    public static IEnumerable<FuzzTarget> All() =>
    [
        new("frames", Messages(Frames), ReadFrames) { Refusals = [typeof(LinkViolationException)] },
        new("message", Messages(WriteMessage), bytes => WriteMessage(MessageCodec.Read(new ReadOnlySequence<byte>(bytes), Sender))),
        new("hello", Seeds(samples => Hello(samples).ToFrame()[FrameHeader.Bytes..]), bytes => Messaging.Frames.Hello.Read(new ReadOnlySequence<byte>(bytes)).ToFrame()[FrameHeader.Bytes..]) { Refusals = [typeof(LinkViolationException)] },
        new("event", Seeds(samples => EventCodec.Write(Event(samples))), bytes => EventCodec.Write(EventCodec.Read(new ReadOnlySequence<byte>(bytes)))),
        new("trace", [[.. Enumerable.Range(1, TraceContext.Bytes).Select(value => (byte)value)], new byte[TraceContext.Bytes]], ReadTrace),
        Record("submission", SubmissionRecord.Parser, record => Records.Write(Records.Read(record)), samples => Records.Write(samples.Spec())),
        Record("settlement", SettlementRecord.Parser, record => Records.Write(Records.Read(record)), samples => Records.Write(samples.Settlement())),
        Record("settled", SettledRecord.Parser, record => Records.Write(Records.Read(default, record)), samples => Records.Write(SettledTask.Of(new LedgerTask(samples.Spec(), null), samples.Settlement(), 1_000, keepsContent: false))),
        Record("strikes", StrikesRecord.Parser, record => Records.Write(Records.Read(record)), samples => Records.Write(Enumerable.Range(0, 3).Select(_ => new Strike(samples.Epoch(), samples.Below(9))))),
        Record("attempt", AttemptRecord.Parser, record => Records.Write(Records.Read(default, record)), samples => Records.Write(samples.Attempt())),
        Record("outbound", OutboundRecord.Parser, WriteOutbound, samples => Records.Write(new Outbound(samples.Attempt().Attempt, samples.Peer(), samples.Settlement(), samples.Coin() ? "key" : null))),
        Record("peer", PeerRecord.Parser, record => Records.Write(Records.Read(record)), samples => Records.Write(samples.Peer())),
        Record("decision", Decision.Parser, record => SupervisionRecords.Write(SupervisionRecords.Read(record)), samples => SupervisionRecords.Write(samples.Decision())),
        new("member", Seeds(samples => CoordinationKeys.Write(samples.Peer(), 7).ToArray()), ReadMember),
        new("generation", Seeds(samples => CoordinationKeys.Write(1 + samples.Below(1_000), 7).ToArray()), bytes => CoordinationKeys.Write(CoordinationKeys.ReadGeneration(EntryOf(bytes)), 7).ToArray()),
        new("task-id", Seeds(samples => samples.TaskId().ToByteArray()), bytes => TaskId.Read(bytes).ToByteArray()) { Refusals = [typeof(ArgumentException)] },
        new("task-id-text", Seeds(samples => Encoding.Latin1.GetBytes(samples.TaskId().ToString())), ReadTaskId) { IsText = true, Refusals = [typeof(FormatException)] },
        new("node-id", Seeds(samples => Encoding.Latin1.GetBytes(samples.NodeId().Value)), bytes => Encoding.Latin1.GetBytes(new NodeId(Encoding.Latin1.GetString(bytes)).Value)) { IsText = true, Refusals = [typeof(ArgumentException)] },
        new("json-artifact", [.. Json.Select(Encoding.UTF8.GetBytes)], ReadJson) { IsText = true, Refusals = [typeof(SerializationFailedException)] },
    ];

    /// <summary>Twenty values of a kind, written by us.</summary>
    public static byte[][] Seeds(Func<Samples, byte[]> write) => [.. Enumerable.Range(1, 20).Select(seed => write(new Samples((ulong)seed)))];

    private static byte[][] Messages(Func<Message, byte[]> write) =>
        [.. Samples.Kinds.SelectMany(kind => Enumerable.Range(1, 3).Select(seed => write(new Samples((ulong)seed).Message(kind))))];

    private static FuzzTarget Record<T>(string name, MessageParser<T> parser, Func<T, IMessage> written, Func<Samples, IMessage> sample)
        where T : IMessage<T>, new() =>
        new(name, Seeds(samples => sample(samples).ToByteArray()), bytes => written(parser.Read(bytes)).ToByteArray());

    private static Peer Sender { get; } = new(new NodeId("sender"), new Incarnation(5), "tcp://127.0.0.1:1/");

    private static byte[] WriteMessage(Message message)
    {
        var content = MessageCodec.Write(message, Sender.Incarnation);
        var bytes = new byte[content.Bytes];
        content.WriteTo(bytes);
        return bytes;
    }

    /// <summary>A block as links send it: what the message takes, a grant and a heartbeat.</summary>
    private static byte[] Frames(Message message)
    {
        var content = WriteMessage(message);
        var written = new ArrayBufferWriter<byte>();
        Write(new FrameHeader(content.Length, 1, message.Kind.Channel(), FrameKind.Directed, FrameFlags.None, 1, (ulong)message.Kind), new ReadOnlySequence<byte>(content), written);
        Write(new FrameHeader(0, 2, FabricChannel.TaskInbound, FrameKind.Grant, FrameFlags.None, 7, 1 << 20), ReadOnlySequence<byte>.Empty, written);
        Write(new FrameHeader(0, 2, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0), ReadOnlySequence<byte>.Empty, written);
        return written.WrittenSpan.ToArray();
    }

    private static byte[] ReadFrames(byte[] bytes)
    {
        var reader = new FrameReader(new ReadOnlySequence<byte>(bytes));
        var written = new ArrayBufferWriter<byte>();
        while (reader.TryRead(out var header, out var payload)) Write(header, payload, written);
        return written.WrittenSpan.ToArray();
    }

    private static void Write(in FrameHeader header, ReadOnlySequence<byte> payload, ArrayBufferWriter<byte> written)
    {
        header.Write(written.GetSpan(FrameHeader.Bytes));
        written.Advance(FrameHeader.Bytes);
        foreach (var piece in payload) written.Write(piece.Span);
    }

    /// <summary>A link reads as many bytes as a context has, and hands on no other number of them.</summary>
    private static byte[]? ReadTrace(byte[] bytes)
    {
        if (bytes.Length < TraceContext.Bytes || TraceContext.Read(bytes.AsSpan(0, TraceContext.Bytes)) is not { } context) return null;
        var written = new byte[TraceContext.Bytes];
        TraceContext.Write(context, written);
        return written;
    }

    private static RqmlEvent Event(Samples samples)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(samples.Below(1_000_000));
        RqmlEvent seen = samples.Below(5) switch
        {
            0 => new ModelDivergence { At = at, Form = DivergenceForm.Passes, Disagreement = 0.5, Parties = ["a", "b"] },
            1 => new NovelFinding { At = at, Novelty = 0.9, Threshold = 0.8, Score = samples.Coin() ? double.NaN : 0.5 },
            2 => new ConsistencyAnomaly { At = at, Consistency = 0.1, Threshold = 0.5, Passes = 3, Models = ["a"] },
            3 => new PerformanceSpike { At = at, Model = "a", DurationMs = 9, MedianMs = 1, RobustZ = 7 },
            _ => new SecurityFlag { At = at, Concern = SecurityConcern.BallotTwice, Subject = "a" },
        };
        return samples.Coin() ? seen : seen with { Node = samples.NodeId(), Task = samples.TaskId(), Class = "a", Iteration = samples.Below(9) };
    }

    private static Hello Hello(Samples samples) => new(VersionRange.Ours, "rqml", samples.Peer(), (ulong)samples.Below(1_000))
    {
        Positions = [new StreamPosition(FabricChannel.TaskInbound, (ulong)samples.Below(1_000), samples.Below(1_000_000))],
        Subscriptions = [new Subscription(FabricChannel.SupervisionEvents, (ulong)samples.Below(32))],
    };

    private static OutboundRecord WriteOutbound(OutboundRecord record) => Records.Write(
        new Outbound(new Attempt(default, Records.Read(record.Epoch)), Records.Read(record.Ledger), Records.Read(record.Result), record.HasPartitionKey ? record.PartitionKey : null) { FinishedMs = Check.NotNegative(record.FinishedMs, "When a result was finished") });

    private static CoordinationEntry EntryOf(byte[] bytes) => new("/rqml/a/leader", bytes, 1, 1, default);

    private static byte[] ReadMember(byte[] bytes)
    {
        var member = CoordinationKeys.Read(EntryOf(bytes));
        return CoordinationKeys.Write(member.Peer, member.Nonce).ToArray();
    }

    private static byte[] ReadTaskId(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var id = TaskId.Parse(text);
        if (!TaskId.TryParse(text, null, out var same) || same != id) throw new InvalidOperationException("Parse and TryParse differ.");
        return Encoding.Latin1.GetBytes(id.ToString());
    }

    private static byte[] ReadJson(byte[] bytes) => JsonSerializer.SerializeToUtf8Bytes(ValueSerializer.ByReflection<JsonArtifact>().ReadArtifact(bytes));

    private sealed record JsonArtifact(string? Text, double[]? Numbers, JsonArtifact? Inner);
}
