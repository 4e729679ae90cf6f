using System.Buffers;
using FsCheck.Xunit;
using Google.Protobuf;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Scheduling;

namespace Rqml.Messaging;

public sealed class MessageCodecTests
{
    private static readonly Peer From = new(new NodeId("from"), new Incarnation(5), "tcp://127.0.0.1:1/");

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 200)]
    public void Messages_of_every_kind_come_back(int seed)
    {
        var samples = new Samples((ulong)seed);
        foreach (var kind in Samples.Kinds)
        {
            var sent = samples.Message(kind) with { From = From };
            Contents.AssertSame(sent, MessageCodec.Read(Pieces.Of(Written(sent), 1 + samples.Below(50)), From));
        }
    }

    [Fact]
    public void A_node_that_calls_itself_another_start_than_its_link_says_so()
    {
        var sent = new Samples(1).Message(MessageKind.Watch) with { From = From with { Incarnation = new Incarnation(77) } };

        Contents.AssertSame(sent, MessageCodec.Read(new ReadOnlySequence<byte>(Written(sent)), From));
    }

    /// <summary>A result that no frame carries would wait in its outbound queue for ever.</summary>
    [Fact]
    public void The_longest_payload_and_the_longest_artifact_fit_into_a_frame_with_all_that_goes_beside_them()
    {
        Assert.True(MessageParts.MostBytes >= 2 * ClassPolicy.LargestValueBytes);
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
        foreach (var body in bodies) Assert.InRange(MessageCodec.Write(samples.Message(MessageKind.Revoke) with { Body = body }, default).Bytes, 1, MessageParts.MostBytes - TraceContext.Bytes);
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
            Assert.Contains(what, Refusal(record.ToByteArray()), StringComparison.Ordinal);
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
        Refused("task id", MessageKind.Watch, record => record.Task = ByteString.Empty);
        Refused("The count of a self-attempt is 0", MessageKind.Watch, record => record.Epoch.Number = long.MinValue);
        Refused("Refused has the number 7", MessageKind.Refused, record => record.Number = 7);
        Refused("Answered has the number 0", MessageKind.Answered, record => record.Number = 0);
        Refused("remaining time is -1", MessageKind.Assign, record => record.Assignment.RemainingMs = -1);
        Refused("peer is missing", MessageKind.Assign, record => record.Assignment.Ledger = null);
        Refused("A similarity is 2", MessageKind.Progress, record => record.Iteration.Similarity = 2);

        static void Refused(string what, MessageKind kind, Action<MessageRecord> spoil)
        {
            var record = RecordOf(kind);
            spoil(record);
            Assert.Contains(what, Refusal(record.ToByteArray()), StringComparison.Ordinal);
        }
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void Whatever_a_report_says_the_scheduler_can_weigh_its_node(int seed)
    {
        var samples = new Samples((ulong)seed);
        var report = (NodeReport)samples.Message(MessageKind.Report).Body!;

        Assert.InRange(NodeWeight.FreeCapacityOf(report.Limit, 0, samples.Below(10), report.Load.MemoryPressure), 0, 1);
    }

    private static MessageRecord RecordOf(MessageKind kind) => MessageRecord.Parser.ParseFrom(Written(new Samples(1).Message(kind)));

    private static byte[] Written(in Message message)
    {
        var content = MessageCodec.Write(message, From.Incarnation);
        var bytes = new byte[content.Bytes];
        content.WriteTo(bytes);
        return bytes;
    }

    private static string Refusal(byte[] content) =>
        Assert.Throws<RecordDamagedException>(() => MessageCodec.Read(new ReadOnlySequence<byte>(content), From)).Message;
}
