using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A node that an operator empties, and lets take work again.</summary>
public sealed class EmptyingTests
{
    [Fact]
    public void It_gives_back_what_has_not_begun_and_finishes_the_rest()
    {
        var node = new NodeBench().Welcome();
        var running = node.Assign();
        var waiting = node.Assign();

        node.Hear(Drain(node));

        Assert.Equal([(waiting.Attempt.Task, RefusalReason.Draining)], node.Refused);
        Assert.DoesNotContain(running.Attempt.Task, node.AskedToYield);
        Assert.Equal(NodePhase.Draining, node.Machine.Phase);

        node.End(running.Attempt.Task, RunEnding.Yielded, new RefinementSnapshot { Iteration = 1 });
        Assert.Contains(running.Attempt.Task, node.Machine.Running.Select(attempt => attempt.Attempt.Task));      // it goes on
        node.End(running.Attempt.Task, RunEnding.Finished, result: new Settlement { Outcome = Outcome.Converged });
        node.Hear(new Message(MessageKind.Answered, NodeBench.Ledger, running.Attempt.Task, running.Attempt.Epoch, (long)Verdict.Settled));

        Assert.Equal((true, false, 0), (node.LastReport.Draining, node.LastReport.Leaving, node.Machine.HeldCount + node.Machine.OutboundCount));
    }

    [Fact]
    public void It_takes_nothing_new()
    {
        var node = new NodeBench().Welcome();
        node.Hear(Drain(node));
        var late = node.Assign();

        Assert.Equal([(late.Attempt.Task, RefusalReason.Draining)], node.Refused);
        Assert.True(node.LastReport.Draining);
    }

    [Fact]
    public void It_takes_work_again_when_it_is_told_to()
    {
        var node = new NodeBench().Welcome();
        node.Hear(Drain(node));
        node.Hear(Drain(node) with { Kind = MessageKind.Resume });

        Assert.Equal((false, 2), (node.LastReport.Draining, node.LastReport.Turns));      // a report from before cannot be taken for a later one
        Assert.Equal(NodePhase.Active, node.Machine.Phase);
        Assert.Equal([node.Assign().Attempt.Task], node.Started);
    }

    [Fact]
    public void A_command_that_is_late_or_for_another_start_is_refused()
    {
        var node = new NodeBench().Welcome();
        node.Hear(Drain(node) with { Number = 77 });
        node.Hear(Drain(node) with { Epoch = new Epoch(1, 0, 0) });
        node.Hear(Drain(node) with { Epoch = new Epoch(1, 9, 0) });      // of a leader that nobody has told us of

        Assert.Equal([RefusalReason.OtherIncarnation, RefusalReason.StaleEpoch, RefusalReason.StaleEpoch], node.Refused.Select(refused => refused.Reason));
        Assert.Equal(NodePhase.Active, node.Machine.Phase);
    }

    [Fact]
    public void A_node_whose_host_stops_stays_on_its_way_out()
    {
        var node = new NodeBench().Welcome();
        node.Hear(Drain(node));
        node.Drain();
        node.Hear(Drain(node) with { Kind = MessageKind.Resume });

        Assert.Equal(NodePhase.Draining, node.Machine.Phase);
        Assert.Equal((true, true), (node.LastReport.Draining, node.LastReport.Leaving));
    }

    [Fact]
    public void A_suspect_that_an_operator_clears_runs_beside_others()
    {
        var node = new NodeBench(lanes: 2).Welcome();
        var other = node.Assign();
        var id = NodeBench.NextId();
        var spec = new TaskSpec { Id = id, Class = new ClassKey("work", 1), Payload = default };
        var suspect = new Attempt(id, new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 50));
        node.Hear(new Message(MessageKind.Assign, NodeBench.Scheduler, id, suspect.Epoch, Body: new Assignment(spec, NodeBench.Ledger, node.Machine.Self.Incarnation, long.MaxValue, false)
        {
            Term = NodeBench.Term,
            Suspicion = new Suspicion(Suspicion.DeathsToRunAlone, 0),
        }));
        Assert.Equal([other.Attempt.Task], node.Started);

        node.Hear(new Message(MessageKind.ReleaseAttempt, NodeBench.Scheduler, suspect.Task, suspect.Epoch));

        Assert.Equal([other.Attempt.Task, suspect.Task], node.Started);
        Assert.Equal(Suspicion.None, node.LastReport.Held.Single(held => held.Attempt == suspect).Suspicion);
    }

    private static Message Drain(NodeBench node) =>
        new(MessageKind.Drain, NodeBench.Scheduler, Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 0), Number: (long)node.Machine.Self.Incarnation.Value);
}
