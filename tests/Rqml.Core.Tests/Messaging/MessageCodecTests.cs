using System.Buffers;
using System.Buffers.Binary;
using FsCheck.Xunit;
using Google.Protobuf;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Scheduling;

namespace Rqml.Messaging;

public sealed class MessageCodecTests
{
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 200)]
    public void Messages_of_every_kind_come_back_in_order(int seed)
    {
        var samples = new Samples((ulong)seed);
        var sent = Samples.Kinds.Select(samples.Message).ToList();
        var block = new ArrayBufferWriter<byte>();
        foreach (var message in sent) Assert.True(MessageCodec.TryWrite(message, block, int.MaxValue));
        var rest = InPieces(block.WrittenMemory, 1 + samples.Below(50));
        var received = new List<Message>();
        while (MessageCodec.TryRead(ref rest, out var message)) received.Add(message);

        Assert.Equal(sent.Count, received.Count);
        Assert.All(sent.Zip(received), pair => Contents.AssertSame(pair.First, pair.Second));
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 100)]
    public void Blocks_are_cut_between_frames(int seed)
    {
        var samples = new Samples((ulong)seed);
        var block = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 30; i++) Assert.True(MessageCodec.TryWrite(samples.Message(Samples.Kinds[samples.Below(Samples.Kinds.Length)]), block, int.MaxValue));
        var (rest, count, targetBytes) = (block.WrittenMemory, 0, 1 + samples.Below(3_000));
        while (rest.Length > 0)
        {
            var taken = MessageCodec.FramesIn(rest.Span, targetBytes);
            var piece = new ReadOnlySequence<byte>(rest[..taken]);
            var before = count;
            while (MessageCodec.TryRead(ref piece, out _)) count++;
            Assert.True(taken <= targetBytes || count == before + 1, "a block is longer than its target and holds more than one frame");
            rest = rest[taken..];
        }

        Assert.Equal(30, count);
    }

    [Fact]
    public void A_message_without_room_leaves_no_trace()
    {
        var message = new Samples(1).Message(MessageKind.Result);
        var block = new ArrayBufferWriter<byte>();
        Assert.True(MessageCodec.TryWrite(message, block, int.MaxValue));
        var length = block.WrittenCount;

        Assert.False(MessageCodec.TryWrite(message, block, length - 1));
        Assert.Equal(length, block.WrittenCount);
        Assert.True(MessageCodec.TryWrite(message, block, length));
        Assert.False(MessageCodec.TryWrite(message with { Body = new Ledgers.Settlement { Outcome = Outcome.Converged, HasArtifact = true, Artifact = new byte[MessageCodec.MaxFrameBytes] } }, block, int.MaxValue));
    }

    /// <summary>A result that no frame carries would wait in its outbound queue for ever.</summary>
    [Fact]
    public void The_longest_payload_and_the_longest_artifact_fit_into_a_frame_with_all_that_goes_beside_them()
    {
        Assert.True(MessageCodec.MaxFrameBytes >= 2 * ClassPolicy.LargestValueBytes);
        Assert.True(OutgoingLink.MaxWaitingBytes >= 2 * MessageCodec.MaxFrameBytes);
        var transport = new InProcessTransport();
        Assert.True(transport.Capabilities.MaxBlockBytes > MessageCodec.MaxFrameBytes);

        var value = new byte[ClassPolicy.LargestValueBytes];
        var words = new string('漢', AttemptRun.LongestReason + 1);      // three bytes each
        var key = new string('漢', 512);
        var spec = new Samples(1).Spec() with { Payload = value, PartitionKey = key, IdempotencyKey = key };
        var samples = new Samples(2);
        var assignment = (Assignment)samples.Message(MessageKind.Assign).Body!;
        object[] bodies =
        [
            new Ledgers.Settlement { Outcome = Outcome.Failed, HasArtifact = true, Artifact = value, Reason = words, Model = words, Node = samples.NodeId() },
            new IterationReport(1, value, 1, 1, "model", 1, samples.NodeId()),
            spec,
            assignment with { Spec = spec },
        ];
        foreach (var body in bodies) Assert.True(MessageCodec.TryWrite(samples.Message(MessageKind.Revoke) with { Body = body }, new ArrayBufferWriter<byte>(), transport.Capabilities.MaxBlockBytes), body.GetType().Name);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(MessageCodec.MaxFrameBytes + 1)]
    [InlineData(int.MaxValue)]
    public void A_length_that_no_frame_has_is_refused_before_anything_is_made_of_it(int length)
    {
        var bytes = new byte[100];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Refusal(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Contains($"{MessageCodec.MaxFrameBytes}", error, StringComparison.Ordinal);
        Assert.Contains($"{length}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_block_that_ends_inside_a_length_is_refused(int bytes) => Assert.Contains("length", Refusal(new byte[bytes]), StringComparison.Ordinal);

    [Fact]
    public void A_block_that_ends_inside_a_frame_is_refused()
    {
        var block = new ArrayBufferWriter<byte>();
        MessageCodec.TryWrite(new Samples(1).Message(MessageKind.Assign), block, int.MaxValue);
        for (var length = 4; length < block.WrittenCount; length++) Assert.Contains("inside a frame", Refusal(block.WrittenSpan[..length].ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_that_no_node_would_make_is_refused()
    {
        Refused("A memory pressure is NaN; it takes 0 to 1", report => report.MemoryPressure = double.NaN);
        Refused("A memory pressure is 1.25", report => report.MemoryPressure = 1.25);
        Refused("A memory pressure is -0.5", report => report.MemoryPressure = -0.5);
        Refused("A node's limit is -1", report => report.Limit = -1);
        Refused("A count of lanes is -1", report => report.Lanes = -1);
        Refused("A count of running attempts is -2", report => report.Running = -2);
        Refused("A count of waiting attempts is -2", report => report.Waiting = -2);
        Refused("A bandwidth is NaN", report => report.BytesPerSecond = double.NaN);
        Refused("A bandwidth is Infinity", report => report.BytesPerSecond = double.PositiveInfinity);
        Refused("A count of free devices is -1", report => report.Devices["gpu"] = -1);
        Refused("The name of a device kind has 0 characters", report => report.Devices[""] = 1);
        Refused("The generation of a term is -1", report => report.Generation = -1);
        Refused("The number of a term is -1", report => report.Term = -1);
        Refused("The version of a task class is 0", report => report.Classes.Add(new ReportBody.Types.Class { Name = "a" }));
        Refused("A task id takes 16 bytes, not 3", report => report.Held.Add(new ReportBody.Types.Held { Task = ByteString.CopyFromUtf8("abc") }));
        Refused("An attempt's iteration is -1", report => report.Held.Add(new ReportBody.Types.Held { Task = Records.Write(default(TaskId)), Iteration = -1 }));
        Refused("A count of deaths is -1", report => report.Held.Add(new ReportBody.Types.Held { Task = Records.Write(default(TaskId)), Suspicion = new SuspicionRecord { Deaths = -1 } }));

        static void Refused(string what, Action<ReportBody> spoil)
        {
            var record = RecordOf(MessageKind.Report);
            spoil(record.Report);
            Assert.Contains(what, Refusal(Framed(record)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_message_that_no_node_would_send_is_refused()
    {
        Refused("kind 0", MessageKind.Watch, record => record.Kind = 0);
        Refused("kind 257", MessageKind.Announce, record => record.Kind = 257);
        Refused("kind -255", MessageKind.Announce, record => record.Kind = -255);
        Refused("has the body None", MessageKind.Announce, record => record.ClearBody());
        Refused("has the body Report", MessageKind.Announce, record => record.Report = RecordOf(MessageKind.Report).Report);
        Refused("peer is missing", MessageKind.Watch, record => record.From = null);
        Refused("task id", MessageKind.Watch, record => record.Task = ByteString.Empty);
        Refused("The number of an epoch is -1", MessageKind.Watch, record => record.Epoch.Number = -1);
        Refused("Refused has the number 7", MessageKind.Refused, record => record.Number = 7);
        Refused("Answered has the number 0", MessageKind.Answered, record => record.Number = 0);
        Refused("remaining time is -1", MessageKind.Assign, record => record.Assignment.RemainingMs = -1);
        Refused("peer is missing", MessageKind.Assign, record => record.Assignment.Ledger = null);
        Refused("A similarity is 2", MessageKind.Progress, record => record.Iteration.Similarity = 2);

        static void Refused(string what, MessageKind kind, Action<MessageRecord> spoil)
        {
            var record = RecordOf(kind);
            spoil(record);
            Assert.Contains(what, Refusal(Framed(record)), StringComparison.Ordinal);
        }
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void Whatever_a_report_says_the_scheduler_can_weigh_its_node(int seed)
    {
        var samples = new Samples((ulong)seed);
        var report = (NodeReport)samples.Message(MessageKind.Report).Body!;

        Assert.InRange(NodeWeight.FreeCapacityOf(report.Limit, 0, samples.Below(10), report.Load.MemoryPressure), 0, 1);
    }

    private static MessageRecord RecordOf(MessageKind kind)
    {
        var block = new ArrayBufferWriter<byte>();
        MessageCodec.TryWrite(new Samples(1).Message(kind), block, int.MaxValue);
        return MessageRecord.Parser.ParseFrom(block.WrittenSpan[4..]);
    }

    private static byte[] Framed(MessageRecord record)
    {
        var bytes = record.ToByteArray();
        var block = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(block, bytes.Length);
        bytes.CopyTo(block, 4);
        return block;
    }

    private static string Refusal(byte[] bytes) => Assert.Throws<RecordDamagedException>(() =>
    {
        var block = new ReadOnlySequence<byte>(bytes);
        MessageCodec.TryRead(ref block, out _);
    }).Message;

    /// <summary>The same bytes in segments, as they come from a socket.</summary>
    private static ReadOnlySequence<byte> InPieces(ReadOnlyMemory<byte> bytes, int pieceBytes)
    {
        var first = new Piece(bytes[..Math.Min(pieceBytes, bytes.Length)], 0);
        var last = first;
        for (var at = first.Memory.Length; at < bytes.Length; at += last.Memory.Length) last = last.Append(bytes.Slice(at, Math.Min(pieceBytes, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
