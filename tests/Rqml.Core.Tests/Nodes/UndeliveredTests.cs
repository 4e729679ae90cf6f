using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>How long results wait for a submitter that is down.</summary>
public sealed class UndeliveredTests
{
    private const long KeepMs = 10 * 60_000;
    private const int MaxBytes = 100_000;
    private static readonly Peer Node = new(new NodeId("node"), new Incarnation(3), "");
    private readonly TaskIdSource _ids = new(new LedgerId(7), 1);
    private readonly OutboundQueue _queue = new(Node, KeepMs, MaxBytes);
    private readonly EffectBuffer<NodeEffect> _effects = new();
    private long _nowMs = 1_000_000;

    [Fact]
    public void A_result_is_offered_until_its_time_is_over_and_then_dropped()
    {
        var task = Add(1_000);
        Pass(KeepMs - 2_000);
        Assert.True(_queue.Contains(task));
        Assert.True(Offered(task) > 500);
        Pass(3_000);
        Assert.Equal([(task, ResultLoss.Expired)], Lost);
        Assert.Contains(_effects.Effects.ToArray(), effect => effect.Kind == NodeEffectKind.DropTask && effect.Task == task);
        Assert.Equal((0, long.MaxValue), (_queue.Count, _queue.NextDueMs));
    }

    [Fact]
    public void Over_the_bound_the_oldest_go_first_and_what_fits_stays()
    {
        var tasks = Enumerable.Range(0, 6).Select(_ => Add(20_000)).ToArray();
        Pass(OutboundQueue.UndeliveredMs - 10_000);
        Assert.Empty(Lost);
        Pass(20_000);
        Assert.Equal(tasks.Take(2).Select(task => (task, ResultLoss.NoRoom)), Lost);
        Pass(60_000);
        Assert.Equal(4, _queue.Count);
    }

    [Fact]
    public void What_came_within_a_minute_is_on_its_way_and_is_not_dropped_however_much_it_is()
    {
        for (var i = 0; i < 50; i++)
        {
            var task = Add(20_000);
            Pass(1_000);
            Assert.True(_queue.Remove(task));      // a second later its ledger has answered
        }

        for (var i = 0; i < 50; i++) Add(20_000);
        Pass(1_000);
        Assert.Equal(50, _queue.Count);
        Assert.Empty(Lost);
    }

    [Fact]
    public void One_of_which_nobody_wrote_down_since_when_it_waits_begins_to_wait_at_the_start()
    {
        var task = _ids.Next(1_000);
        _queue.Restore(new Outbound(new Attempt(task, new Epoch(1, 1, 1)), Node, new Settlement { Outcome = Outcome.Converged }, null));
        Pass(KeepMs - 2_000);
        Assert.Equal(1, _queue.Count);
        Pass(3_000);
        Assert.Equal([(task, ResultLoss.Expired)], Lost);
    }

    [Fact]
    public void A_node_that_dropped_a_result_says_that_it_does_not_hold_the_task_so_that_it_is_given_out_again()
    {
        var node = new NodeBench(keepUndeliveredMs: KeepMs).Welcome();
        var attempt = node.Assign();
        node.End(attempt.Attempt.Task, RunEnding.Finished, result: new Settlement { Outcome = Outcome.Converged });
        node.Pass(KeepMs - 2_000);
        node.Assign(attempt);
        Assert.Empty(node.Refused);

        node.Pass(3_000);
        Assert.Empty(node.LastReport.Held);
        node.Assign(attempt);
        Assert.Equal([(attempt.Attempt.Task, RefusalReason.NotHeld)], node.Refused);
        Assert.Equal([attempt.Attempt.Task], node.Dropped);
    }

    private IEnumerable<(TaskId Task, ResultLoss Loss)> Lost => _effects.Effects.ToArray().Where(effect => effect.Kind == NodeEffectKind.LoseResult).Select(effect => (effect.Task, effect.Loss));

    private int Offered(TaskId task) => _effects.Effects.ToArray().Count(effect => effect is { Kind: NodeEffectKind.Send, Message.Kind: MessageKind.Result } && effect.Message.Task == task);

    private TaskId Add(int artifactBytes)
    {
        var task = _ids.Next(_nowMs);
        _queue.Add(new Outbound(new Attempt(task, new Epoch(1, 1, 1)), Node, new Settlement { Outcome = Outcome.Converged, HasArtifact = true, Artifact = new byte[artifactBytes] }, null), _nowMs, _effects);
        _nowMs++;
        return task;
    }

    private void Pass(long ms)
    {
        for (var untilMs = _nowMs + ms; _nowMs < untilMs; _nowMs += Math.Min(500, untilMs - _nowMs)) _queue.Tick(_nowMs, _effects);
    }
}
