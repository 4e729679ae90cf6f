using System.Diagnostics;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Ledgers;

/// <summary>How a leader hears of a ledger's open tasks: all of them, and never more at once than a link takes.</summary>
public sealed class AnnouncementTests
{
    private const int PayloadBytes = 1_024;
    private const int WindowBytes = 16 * PayloadBytes;
    private static readonly Peer Self = new(new NodeId("ledger"), new Incarnation(1), "");
    private static readonly Term First = new(1, 1);
    private readonly TaskIdSource _ids = new(new LedgerId(7), 1);
    private readonly LedgerMachine _ledger = new(Self, new LedgerId(7), keepsContent: false, announcedBytes: WindowBytes);
    private readonly EffectBuffer<LedgerEffect> _effects = new();
    private long _nowMs = 1_000_000;

    [Fact]
    public void A_new_leader_learns_of_all_tasks_as_fast_as_it_acknowledges_them()
    {
        var tasks = SubmitMany(1_000);
        var said = Lead(First);
        var all = new List<TaskId>();
        for (var rounds = 0; said.Length > 0; rounds++)
        {
            Assert.True(rounds < 100 && said.Length * PayloadBytes <= WindowBytes, $"{said.Length} in round {rounds}");
            all.AddRange(said);
            said = Acknowledge(First, said);
        }

        Assert.Equal(tasks, all);
        Assert.Equal(1_000_000, _nowMs);      // without waiting for anything
    }

    [Fact]
    public void What_a_leader_does_not_acknowledge_is_said_again_and_only_that()
    {
        SubmitMany(100);
        var said = Lead(First);
        var rest = Acknowledge(First, said[..^2]);
        Assert.Equal([], Wait(999));
        Assert.Equal([.. said[^2..], .. rest], Wait(1));
        Assert.Equal([], Wait(999));
    }

    [Fact]
    public void A_task_that_is_longer_than_a_leader_may_be_told_goes_alone()
    {
        var (small, large, last) = (Submit(), Submit(WindowBytes * 2), Submit());
        Assert.Equal([small], Lead(First));
        Assert.Equal([large], Acknowledge(First, small));
        Assert.Equal([last], Acknowledge(First, large));
    }

    [Fact]
    public void A_settled_task_makes_room_and_is_not_announced_after_its_end()
    {
        var tasks = SubmitMany(100);
        var said = Lead(First);
        var next = tasks[said.Length];
        Cancel(next);
        Assert.Equal([tasks[said.Length + 1]], Cancel(said[0]));
        Assert.DoesNotContain(said[0], Wait(1_000));
    }

    [Fact]
    public void The_next_leader_is_told_of_all_again_and_which_the_last_one_knew()
    {
        var tasks = SubmitMany(20);
        var known = Lead(First);
        Acknowledge(First, known[0]);
        _effects.Clear();
        var second = new Term(1, 2);
        var said = Lead(second).ToList();
        Assert.Equal(known, said);
        Assert.All(Announced(), message => Assert.NotEqual(0, message.Number & Announcement.KnownBefore));

        var late = Acknowledge(second, [.. said]);
        Assert.Equal(tasks.Except(known), late);
        Assert.Equal(late[1..].Select(_ => 0L), Announced().Skip(1).Select(message => message.Number & Announcement.KnownBefore));      // one more had been said to the first leader once it had acknowledged another
    }

    [Fact]
    public void An_acknowledgement_of_an_earlier_term_counts_for_nothing()
    {
        SubmitMany(100);
        var said = Lead(new Term(1, 2));
        Assert.Equal([], Acknowledge(First, said));
        Assert.Equal(said, Wait(1_000));
    }

    [Fact]
    public void What_the_window_counts_is_no_less_than_what_goes_over_the_wire()
    {
        var state = new string('s', TaskTrace.MostStateLength);
        var least = new TaskSpec { Id = _ids.Next(_nowMs), Class = new ClassKey("w", 1), Payload = default };
        var most = least with
        {
            Class = new ClassKey(new string('w', 128), int.MaxValue),
            Payload = new byte[100_000],
            Priority = int.MinValue,
            Difficulty = 1,
            SubmittedMs = long.MaxValue / 2,
            DeadlineMs = long.MaxValue - 1,
            NotBeforeMs = long.MaxValue - 1,
            KeepResultMs = long.MaxValue / 2,
            Budget = new TaskBudget { Iterations = int.MaxValue, Time = TimeSpan.MaxValue, Cost = double.MaxValue, Passes = int.MaxValue },
            PartitionKey = new string('\u20ac', 512),
            IdempotencyKey = new string('\u20ac', 512),
            Seed = ulong.MaxValue,
            Trace = TaskTrace.Of(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, state)),
        };
        foreach (var spec in new[] { least, most })
        {
            var message = new Message(MessageKind.Announce, Self, spec.Id, new Epoch(long.MaxValue, long.MaxValue, long.MaxValue), Announcement.At(_nowMs, Announcement.Watched), spec);
            Assert.InRange(MessageCodec.Write(message, Self.Incarnation).Bytes + FrameHeader.Bytes, 1, Announcement.BytesOf(spec));
        }
    }

    private static Peer LeaderOf(Term term) => new(new NodeId($"scheduler-{term.Number}"), new Incarnation(1), "");

    private TaskId[] SubmitMany(int count) => [.. Enumerable.Range(0, count).Select(_ => Submit())];

    private TaskId Submit(int payloadBytes = PayloadBytes - 128)
    {
        var spec = new TaskSpec { Id = _ids.Next(_nowMs), Class = new ClassKey("work", 1), Payload = new byte[payloadBytes] };
        Step(LedgerEvent.Submit(spec, null, null));
        return spec.Id;
    }

    private TaskId[] Lead(Term term) => Step(LedgerEvent.Leader(LeaderOf(term), term));

    private TaskId[] Acknowledge(Term term, params TaskId[] tasks) =>
        Step(LedgerEvent.Of(new Message(MessageKind.Announced, LeaderOf(term), Epoch: new Epoch(term.Generation, term.Number, 0), Body: tasks)));

    private TaskId[] Cancel(TaskId task) => Step(LedgerEvent.Cancel(task, "ticket"));

    private TaskId[] Wait(long ms)
    {
        _nowMs += ms;
        _effects.Clear();
        _ledger.Tick(_nowMs, _effects);
        return [.. Announced().Select(message => message.Task)];
    }

    private TaskId[] Step(in LedgerEvent @event)
    {
        _effects.Clear();
        _ledger.Step(@event, _nowMs, _effects);
        return [.. Announced().Select(message => message.Task)];
    }

    private IEnumerable<Message> Announced() => _effects.Effects.ToArray().Where(effect => effect.Message.Kind == MessageKind.Announce).Select(effect => effect.Message);
}
