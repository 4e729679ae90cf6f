using System.Diagnostics;
using FsCheck.Xunit;
using Google.Protobuf;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Nodes;

namespace Rqml.Protocol;

public sealed class RecordsTests
{
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 400)]
    public void What_is_written_is_read_back(int seed)
    {
        var samples = new Samples((ulong)seed);
        var (spec, settlement, attempt, peer) = (samples.Spec(), samples.Settlement(), samples.Attempt(), samples.Peer());
        var outbound = new Outbound(attempt.Attempt, peer, settlement, samples.Coin() ? "key" : null);
        var strikes = Enumerable.Range(0, samples.Below(5)).Select(_ => new Strike(samples.Epoch(), (long)samples.Bits())).ToList();

        Contents.AssertSame(spec, Records.Read(Again(Records.Write(spec), SubmissionRecord.Parser)));
        Contents.AssertSame(settlement, Records.Read(Again(Records.Write(settlement), SettlementRecord.Parser)));
        Contents.AssertSame(attempt, Records.Read(attempt.Attempt.Task, Again(Records.Write(attempt), AttemptRecord.Parser)));
        Contents.AssertSame(peer, Records.Read(Again(Records.Write(peer), PeerRecord.Parser)));
        Contents.AssertSame(strikes, Records.Read(Again(Records.Write(strikes), StrikesRecord.Parser)));
        var record = Again(Records.Write(outbound), OutboundRecord.Parser);
        Contents.AssertSame(outbound, new Outbound(new Attempt(attempt.Attempt.Task, Records.Read(record.Epoch)), Records.Read(record.Ledger), Records.Read(record.Result), record.HasPartitionKey ? record.PartitionKey : null) { FinishedMs = record.FinishedMs });
    }

    [Fact]
    public void A_budget_below_a_millisecond_is_still_a_budget()
    {
        var spec = new Samples(1).Spec() with { Budget = new TaskBudget { Time = TimeSpan.FromMicroseconds(10) } };

        Assert.Equal(TimeSpan.FromMilliseconds(1), Records.Read(Records.Write(spec)).Budget.Time);
    }

    [Fact]
    public void A_tasks_trace_goes_with_it_and_one_that_is_none_is_left_out()
    {
        var began = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, "shop=7", isRemote: true);
        var spec = new Samples(1).Spec() with { Trace = TaskTrace.Of(began) };

        Assert.Equal(began, Records.Read(Again(Records.Write(spec), SubmissionRecord.Parser)).Trace?.Parent);
        Assert.Null(Records.Read(Records.Write(new Samples(1).Spec())).Trace);
        var record = Records.Write(spec);
        record.Trace = ByteString.CopyFrom(new byte[25]);
        Assert.Null(Records.Read(record).Trace);
    }

    [Fact]
    public void Of_a_traces_state_that_is_longer_than_anybody_has_to_carry_nothing_is_kept_and_the_trace_goes_on()
    {
        var began = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, new string('x', 513));

        Assert.Equal((began.TraceId, null), (TaskTrace.Of(began).Parent.TraceId, TaskTrace.Of(began).Parent.TraceState));
    }

    [Theory]
    [MemberData(nameof(Submissions))]
    public void A_submission_that_nobody_would_make_is_refused(string what, Action<object> spoil)
    {
        var record = Records.Write(new Samples(1).Spec());
        spoil(record);

        Assert.Contains(what, Assert.Throws<RecordDamagedException>(() => Records.Read(record)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<object>> Submissions() => new()
    {
        { "A task id takes 16 bytes, not 15", record => ((SubmissionRecord)record).Id = ByteString.CopyFrom(new byte[15]) },
        { "A task id takes 16 bytes, not 17", record => ((SubmissionRecord)record).Id = ByteString.CopyFrom(new byte[17]) },
        { "The name of a task class has 0 characters; it takes 1 to 128", record => ((SubmissionRecord)record).Class = "" },
        { "The name of a task class has 129 characters", record => ((SubmissionRecord)record).Class = new string('x', 129) },
        { "The version of a task class is 0; it takes 1 to", record => ((SubmissionRecord)record).ClassVersion = 0 },
        { "The version of a task class is -1", record => ((SubmissionRecord)record).ClassVersion = -1 },
        { "A priority is 1001; it takes -1000 to 1000", record => ((SubmissionRecord)record).Priority = 1_001 },
        { "A difficulty is NaN; it takes 0 to 1", record => ((SubmissionRecord)record).Difficulty = double.NaN },
        { "A difficulty is 1.5", record => ((SubmissionRecord)record).Difficulty = 1.5 },
        { "A time of submission is -1", record => ((SubmissionRecord)record).SubmittedMs = -1 },
        { "A deadline is -1", record => ((SubmissionRecord)record).DeadlineMs = -1 },
        { "A time not to begin before is -1", record => ((SubmissionRecord)record).NotBeforeMs = -1 },
        { "A time to keep a result is -1", record => ((SubmissionRecord)record).KeepResultMs = -1 },
        { "A budget of iterations is 0; it takes 1 to 1000000", record => ((SubmissionRecord)record).MaxIterations = 0 },
        { "A budget of milliseconds is 9223372036854775807", record => ((SubmissionRecord)record).MaxTimeMs = long.MaxValue },
        { "A budget of milliseconds is 0", record => ((SubmissionRecord)record).MaxTimeMs = 0 },
        { "A budget of cost is NaN", record => ((SubmissionRecord)record).MaxCost = double.NaN },
        { "A budget of cost is Infinity", record => ((SubmissionRecord)record).MaxCost = double.PositiveInfinity },
        { "A partition key has 513 characters; it takes 1 to 512", record => ((SubmissionRecord)record).PartitionKey = new string('x', 513) },
        { "An idempotency key has 0 characters", record => ((SubmissionRecord)record).IdempotencyKey = "" },
        {
            "A trace's state has 513 characters; it takes 1 to 512", record =>
            {
                ((SubmissionRecord)record).Trace = ByteString.CopyFrom([.. Enumerable.Repeat((byte)1, 25)]);
                ((SubmissionRecord)record).TraceState = new string('x', 513);
            }
        },
        { "A trace takes 25 bytes, not 24", record => ((SubmissionRecord)record).Trace = ByteString.CopyFrom(new byte[24]) },
    };

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Contains("peer is missing", Refusal(() => Records.Read((PeerRecord?)null)), StringComparison.Ordinal);
        Assert.Contains("submission is missing", Refusal(() => Records.Read((SubmissionRecord?)null)), StringComparison.Ordinal);
        Assert.Contains("settlement is missing", Refusal(() => Records.Read((SettlementRecord?)null)), StringComparison.Ordinal);
        Assert.Contains("peer is missing", Refusal(() => Records.Read(new Samples(1).TaskId(), new AttemptRecord { Submission = Records.Write(new Samples(1).Spec()) })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_that_is_none_is_refused()
    {
        Assert.Contains("node id", Refusal(() => Records.Read(new PeerRecord { Node = "", Incarnation = 1 })), StringComparison.Ordinal);
        Assert.Contains("node id", Refusal(() => Records.Read(new PeerRecord { Node = "a/b", Incarnation = 1 })), StringComparison.Ordinal);
        Assert.Contains("never zero", Refusal(() => Records.Read(new PeerRecord { Node = "a" })), StringComparison.Ordinal);
        Assert.Contains("1025 characters", Refusal(() => Records.Read(new PeerRecord { Node = "a", Incarnation = 1, Endpoint = new string('x', 1_025) })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_settlement_that_nobody_would_write_is_refused()
    {
        var good = new Samples(1).Settlement();
        Assert.Contains("no outcome 8", Refusal(record => record.Outcome = 8), StringComparison.Ordinal);
        Assert.Contains("no outcome -1", Refusal(record => record.Outcome = -1), StringComparison.Ordinal);
        Assert.Contains("A score is NaN", Refusal(record => record.Score = double.NaN), StringComparison.Ordinal);
        Assert.Contains("A count of iterations is -1", Refusal(record => record.Iterations = -1), StringComparison.Ordinal);
        Assert.Contains("A tier is -1", Refusal(record => record.Tier = -1), StringComparison.Ordinal);
        Assert.Contains("resume at is -1", Refusal(record => record.ResumedAt = -1), StringComparison.Ordinal);
        Assert.Contains("node id", Refusal(record => record.Node = ""), StringComparison.Ordinal);
        Assert.Contains("The term of an epoch is -1", Refusal(record => record.Epoch = new EpochRecord { Term = -1 }), StringComparison.Ordinal);

        string Refusal(Action<SettlementRecord> spoil)
        {
            var record = Records.Write(good);
            spoil(record);
            return RecordsTests.Refusal(() => Records.Read(record));
        }
    }

    private static T Again<T>(T record, MessageParser<T> parser)
        where T : IMessage<T> => parser.ParseFrom(record.ToByteArray());

    private static string Refusal(Func<object> read) => Assert.Throws<RecordDamagedException>(read).Message;
}
