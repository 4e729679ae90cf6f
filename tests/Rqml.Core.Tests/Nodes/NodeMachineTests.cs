using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

public sealed class NodeMachineTests
{
    private static readonly ClassKey Work = new("work", 1);
    private static readonly ClassKey Kernels = new("kernels", 1);
    private static readonly ClassKey Mixed = new("mixed", 1);

    [Fact]
    public void A_busy_device_holds_up_nothing_that_needs_another()
    {
        var node = WithDevice(processors: 1, cuda: 1);
        var first = node.Assign("kernels");
        var second = node.Assign("kernels");
        var third = node.Assign("work");

        Assert.Equal([first.Attempt.Task, third.Attempt.Task], node.Started);
        Assert.Equal(1, node.Machine.InboundStatistics(node.NowMs).Waiting);

        node.End(first.Attempt.Task, RunEnding.Finished, result: Result());
        Assert.Equal(second.Attempt.Task, node.Started.Last());
    }

    [Fact]
    public void A_task_whose_next_model_needs_a_device_waits_for_a_lane_of_it()
    {
        var node = WithDevice(processors: 1, cuda: 1);
        var kernel = node.Assign("kernels");
        var mixed = node.Assign("mixed");
        node.End(mixed.Attempt.Task, RunEnding.Yielded, new RefinementSnapshot { Iteration = 3, Model = 1 });
        Assert.DoesNotContain(mixed.Attempt.Task, node.Machine.Running.Select(running => running.Attempt.Task));
        Assert.Equal(1, node.Machine.RefiningStatistics(node.NowMs).Waiting);

        node.End(kernel.Attempt.Task, RunEnding.Finished, result: Result());
        Assert.Equal("cuda", node.Machine.Running.Single(running => running.Attempt.Task == mixed.Attempt.Task).Lane!.Device);
    }

    /// <summary>Whoever assigns it has waited, by its own clock; ours may be hours behind.</summary>
    [Fact]
    public void A_task_that_is_assigned_begins_whatever_our_clock_says_of_its_time()
    {
        var node = new NodeBench().Welcome();
        var spec = new TaskSpec { Id = NodeBench.NextId(), Class = Work, Payload = default, NotBeforeMs = node.NowMs + 7_200_000 };
        node.Assign(new NodeAttempt(new Attempt(spec.Id, new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 1)), spec, NodeBench.Ledger));

        Assert.Equal([spec.Id], node.Started);
    }

    [Fact]
    public void Free_lanes_of_devices_are_reported()
    {
        var node = WithDevice(processors: 2, cuda: 3);
        node.Assign("kernels");
        node.Pass(1_000);

        Assert.Equal(2, node.LastReport.Load.Devices["cuda"]);
        Assert.Equal(5, node.LastReport.Load.Lanes);
        Assert.Equal(1, node.LastReport.Load.Running);
    }

    [Fact]
    public void A_running_task_yields_to_a_more_important_one_that_needs_the_same_device()
    {
        var node = WithDevice(processors: 1, cuda: 1);
        var processor = node.Assign("work");
        var kernel = node.Assign("kernels");
        node.Assign("kernels", priority: 5);

        Assert.Equal([kernel.Attempt.Task], node.AskedToYield.Distinct());
        Assert.DoesNotContain(processor.Attempt.Task, node.AskedToYield);
    }

    [Fact]
    public void A_draining_node_asks_for_its_lanes_back_and_hands_back_what_has_not_begun()
    {
        var node = new NodeBench().Welcome();
        var running = node.Assign();
        var waiting = node.Assign();
        node.Drain();

        Assert.Equal([running.Attempt.Task], node.AskedToYield);
        Assert.Contains(node.Effects, effect => effect is { Kind: NodeEffectKind.Send, Message: { Kind: MessageKind.Refused, Number: (long)RefusalReason.Draining } } && effect.Message.Task == waiting.Attempt.Task);
        Assert.Equal([waiting.Attempt.Task], node.Dropped);
        Assert.DoesNotContain(node.Effects, effect => effect.Kind == NodeEffectKind.Drained);

        node.End(running.Attempt.Task, RunEnding.Yielded, new RefinementSnapshot { Iteration = 2 });
        Assert.Contains(node.Effects, effect => effect.Kind == NodeEffectKind.Drained);
        Assert.Equal(running.Attempt.Task, Assert.Single(node.Machine.Held));
    }

    [Fact]
    public void A_draining_node_refuses_what_is_assigned_to_it()
    {
        var node = new NodeBench().Welcome();
        node.Drain();
        var late = node.Assign();

        Assert.Contains(node.Effects, effect => effect is { Message: { Kind: MessageKind.Refused, Number: (long)RefusalReason.Draining } } && effect.Message.Task == late.Attempt.Task);
        Assert.Equal(NodePhase.Draining, node.Machine.Phase);
    }

    [Fact]
    public void What_was_refused_for_want_of_room_is_not_taken_by_a_late_duplicate()
    {
        var node = new NodeBench(limit: 1).Welcome();
        var first = node.Assign();
        node.Assign();
        var refused = node.Assign();
        Assert.Equal([(refused.Attempt.Task, RefusalReason.Full)], node.Refused);

        node.End(first.Attempt.Task, RunEnding.Finished, result: Result());
        node.Assign(refused);      // by now the scheduler has given the task to another node

        Assert.DoesNotContain(refused.Attempt.Task, node.Machine.Held);
        Assert.Equal((refused.Attempt.Task, RefusalReason.NotHeld), node.Refused.Last());
    }

    [Fact]
    public void A_node_that_no_scheduler_hears_is_degraded_until_one_does()
    {
        var node = new NodeBench();
        Assert.Equal(NodePhase.Joining, node.Machine.Phase);
        node.Welcome();
        node.Pass(4_000);
        node.Hear(Heard);
        node.Pass(4_000);
        Assert.Equal(NodePhase.Active, node.Machine.Phase);

        node.Pass(3_000);
        Assert.Equal(NodePhase.Degraded, node.Machine.Phase);
        var task = node.Assign();
        Assert.Contains(task.Attempt.Task, node.Started);      // what reaches it, it runs

        node.Hear(Heard);
        Assert.Equal(NodePhase.Active, node.Machine.Phase);
    }

    [Fact]
    public void What_is_past_its_deadline_is_worked_on_no_longer()
    {
        var node = new NodeBench().Welcome();
        var task = node.Assign(remainingMs: 5_000);
        var endless = node.Assign();
        node.Pass(5_000);
        Assert.Empty(node.Dropped);

        node.Pass(4_000);
        Assert.Equal([task.Attempt.Task], node.Dropped);
        Assert.Contains(node.Effects, effect => effect.Kind == NodeEffectKind.StopRun && effect.Attempt!.Attempt.Task == task.Attempt.Task);
        Assert.Equal([endless.Attempt.Task], node.Machine.Held);
    }

    [Fact]
    public void A_keyed_attempt_whose_worker_died_before_its_node_was_fenced_waits_to_be_adopted()
    {
        var node = new NodeBench().Welcome();
        var keyed = node.Assign(key: "k");
        node.End(keyed.Attempt.Task, RunEnding.WorkerDied, new RefinementSnapshot { Iteration = 1 });
        var strike = node.Effects.Last(effect => effect.Message.Kind == MessageKind.Strike).Message;
        node.Hear(Fencing(node));
        node.Hear(new Message(MessageKind.StrikeCounted, NodeBench.Ledger, keyed.Attempt.Task, keyed.Attempt.Epoch, strike.Number));

        Assert.Empty(node.Machine.Running);
        node.Pass(1_000);
        Assert.True(Assert.Single(node.LastReport.Held).AwaitsAdoption);
    }

    [Fact]
    public void The_late_answer_to_an_earlier_attempts_strike_starts_no_run_of_the_next()
    {
        var node = new NodeBench().Welcome();
        var task = node.Assign();
        node.End(task.Attempt.Task, RunEnding.WorkerDied);
        var strike = node.Effects.Last(effect => effect.Message.Kind == MessageKind.Strike).Message;
        var earlier = strike.Epoch with { Number = strike.Epoch.Number - 1 };
        var runs = node.Started.Count();
        node.Hear(new Message(MessageKind.StrikeCounted, NodeBench.Ledger, task.Attempt.Task, earlier, strike.Number));
        node.Pass(500);
        Assert.Equal(runs, node.Started.Count());

        node.Hear(new Message(MessageKind.StrikeCounted, NodeBench.Ledger, task.Attempt.Task, strike.Epoch, strike.Number));
        node.Pass(500);
        Assert.Equal(runs + 1, node.Started.Count());
    }

    [Fact]
    public void An_attempt_of_a_class_that_the_node_no_longer_runs_stays_on_disk_until_its_task_is_settled()
    {
        var node = new NodeBench();
        var gone = new NodeAttempt(new Attempt(TaskId.Parse("01b8dabf-4e8f-753a-8fdd-58072231544d"), new Epoch(1, 1, 9)), new() { Id = default, Class = new ClassKey("gone", 1), Payload = default }, NodeBench.Ledger);
        node.Machine.Restore(NodeBench.Term, [gone], [], endedInOrder: true);
        node.Welcome();
        node.Pass(2_000);
        Assert.Empty(node.Started);
        Assert.Empty(node.LastReport.Held);
        Assert.Contains(node.Effects, effect => effect.Message.Kind == MessageKind.StillOpen);
        Assert.Empty(node.Dropped);

        node.Hear(new Message(MessageKind.Answered, NodeBench.Ledger, gone.Attempt.Task, gone.Attempt.Epoch, (long)Verdict.AlreadySettled));
        Assert.Equal([gone.Attempt.Task], node.Dropped);
    }

    [Fact]
    public void A_task_that_waits_for_a_vote_is_dropped_once_its_ledger_says_that_it_is_settled()
    {
        var node = new NodeBench().Welcome();
        var task = node.Assign().Attempt.Task;
        node.End(task, RunEnding.AwaitingVote, RefinementSnapshot.Empty with { Iteration = 1, Vote = 1, Votes = 1 });
        node.Pass(2_000);
        Assert.Contains(node.Effects, effect => effect.Message.Kind == MessageKind.StillOpen && effect.Message.Task == task);

        node.Hear(new Message(MessageKind.Answered, NodeBench.Ledger, task, Number: (long)Verdict.AlreadySettled));
        Assert.Contains(task, node.Dropped);
    }

    [Fact]
    public void A_node_that_was_fenced_asks_whether_what_it_goes_on_with_is_settled_and_drops_what_is()
    {
        var node = new NodeBench().Welcome();
        var (settled, open) = (node.Assign(), node.Assign());
        node.Hear(Fencing(node));
        node.Pass(1);
        Assert.Equal([settled.Attempt.Task, open.Attempt.Task], node.AskedAbout);
        Assert.Empty(node.Dropped);

        node.Hear(new Message(MessageKind.Answered, NodeBench.Ledger, settled.Attempt.Task, settled.Attempt.Epoch, (long)Verdict.AlreadySettled));
        Assert.Equal([settled.Attempt.Task], node.Dropped);
        Assert.Contains(node.Effects, effect => effect.Kind == NodeEffectKind.StopRun && effect.Attempt!.Attempt.Task == settled.Attempt.Task);
        Assert.Equal([open.Attempt.Task], node.Machine.Held);
    }

    [Fact]
    public void A_node_asks_until_a_leader_has_confirmed_what_it_goes_on_with()
    {
        var node = new NodeBench().Welcome();
        var task = node.Assign();
        node.Hear(Fencing(node));
        node.Pass(3_500);      // the ledger is down, and hears nothing of the first times
        Assert.Equal(4, node.AskedAbout.Count());

        node.Assign(task);
        node.Pass(5_000);
        Assert.Equal(4, node.AskedAbout.Count());
    }

    [Fact]
    public void A_node_asks_whether_what_it_goes_on_with_is_settled_as_soon_as_another_leads()
    {
        var node = new NodeBench().Welcome();
        var task = node.Assign();
        node.Pass(3_000);
        Assert.Empty(node.AskedAbout);
        node.Hear(new Message(MessageKind.Welcome, new Peer(new NodeId("next"), new Incarnation(8), ""), Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number + 1, 0)));
        node.Pass(1);
        Assert.Equal([task.Attempt.Task], node.AskedAbout);
    }

    [Fact]
    public void A_node_asks_whether_what_it_finds_on_its_disk_is_settled_and_drops_what_is()
    {
        var node = new NodeBench();
        var found = Found();
        node.Machine.Restore(NodeBench.Term, [found], [], endedInOrder: true);
        node.Pass(1);
        Assert.Single(node.Started);
        Assert.Equal([found.Attempt.Task], node.AskedAbout);

        node.Hear(new Message(MessageKind.Answered, NodeBench.Ledger, found.Attempt.Task, found.Attempt.Epoch, (long)Verdict.AlreadySettled));
        Assert.Equal([found.Attempt.Task], node.Dropped);
        Assert.Empty(node.Machine.Held);
    }

    [Fact]
    public void What_a_node_has_died_with_begins_only_once_that_is_durable()
    {
        var node = new NodeBench();
        node.Machine.Restore(NodeBench.Term, [Found()], [], endedInOrder: false);
        node.Pass(1);

        var begins = node.Effects.FindIndex(effect => effect.Kind == NodeEffectKind.StartRun);
        var written = node.Effects.FindIndex(effect => effect is { Kind: NodeEffectKind.WriteAttempt, Stored.Suspicion.Deaths: 1 });
        Assert.True(node.Effects[begins].OnceDurable);
        Assert.InRange(written, 0, begins - 1);
    }

    [Fact]
    public void What_a_node_that_ended_in_order_held_begins_at_once()
    {
        var node = new NodeBench();
        node.Machine.Restore(NodeBench.Term, [Found()], [], endedInOrder: true);
        node.Pass(1);
        Assert.False(Assert.Single(node.Effects, effect => effect.Kind == NodeEffectKind.StartRun).OnceDurable);
    }

    [Fact]
    public void A_workers_death_after_a_restart_is_another_one_than_that_before()
    {
        var names = new List<long>();
        foreach (var start in new ulong[] { 0x1111_2222_3333_4444, ulong.MaxValue })
        {
            var node = new NodeBench(start: start);
            var found = Found();
            node.Machine.Restore(NodeBench.Term, [found], [], endedInOrder: true);
            node.Pass(1);
            node.End(found.Attempt.Task, RunEnding.WorkerDied);
            names.Add(Assert.Single(node.Effects, effect => effect.Message.Kind == MessageKind.Strike).Message.Number);
        }

        Assert.Equal(2, names.Distinct().Count());
    }

    [Fact]
    public void What_ran_alone_until_its_node_was_fenced_is_not_said_to_have_killed_it()
    {
        var node = new NodeBench();
        var found = Found("key");
        found.Suspicion = new Suspicion(Suspicion.DeathsToRunAlone, 0);
        node.Machine.Restore(NodeBench.Term, [found], [], endedInOrder: false);
        node.Welcome();
        var adoption = new Assignment(found.Spec, NodeBench.Ledger, node.Machine.Self.Incarnation, long.MaxValue, false) { Term = NodeBench.Term, Adopted = true };
        node.Hear(new Message(MessageKind.Assign, NodeBench.Scheduler, found.Attempt.Task, found.Attempt.Epoch, Body: adoption));
        Assert.NotNull(Assert.Single(node.Machine.Running).Alone);

        node.Hear(Fencing(node));
        node.End(found.Attempt.Task, RunEnding.Yielded, new RefinementSnapshot { Iteration = 1 });
        Assert.Null(node.Effects.Last(effect => effect.Kind == NodeEffectKind.WriteAttempt).Stored!.Alone);
    }

    [Fact]
    public void A_run_whose_start_waited_for_the_disk_while_the_node_began_to_drain_is_asked_again_for_its_lane()
    {
        var node = new NodeBench().Welcome();
        node.Assign();
        node.Drain();
        var asked = node.AskedToYield.Count();
        node.Pass(1_000);
        Assert.True(node.AskedToYield.Count() > asked);
    }

    private static NodeAttempt Found(string? partitionKey = null)
    {
        var task = TaskId.Parse("01b8dabf-4e8f-753a-8fdd-58072231544d");
        return new(new Attempt(task, new Epoch(1, 1, 9)), new() { Id = task, Class = Work, Payload = default, PartitionKey = partitionKey }, NodeBench.Ledger);
    }

    private static Message Fencing(NodeBench node) =>
        new(MessageKind.Fenced, NodeBench.Scheduler, Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 0), Number: (long)node.Machine.Self.Incarnation.Value);

    private static NodeBench WithDevice(int processors, int cuda) => new NodeBench(
        processors,
        devices => devices["cuda"] = cuda,
        new Dictionary<ClassKey, IReadOnlyList<string>> { [Work] = ["cpu"], [Kernels] = ["cuda"], [Mixed] = ["cpu", "cuda"] }).Welcome();

    private static Message Heard => new(MessageKind.Heard, NodeBench.Scheduler, Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 0));

    private static Settlement Result() => new() { Outcome = Outcome.Converged };
}
