using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Scheduling;

public sealed class SchedulerMachineTests
{
    private static readonly ClassKey Rare = new("rare", 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whom_a_new_leader_saw_go_or_fall_silent_before_it_led_is_fenced_at_once(bool isGone)
    {
        var last = new Peer(new NodeId("last"), new Incarnation(9), "");
        var scheduler = new SchedulerBench(members: [last], before: [isGone ? SchedulerEvent.NodeGone(last) : SchedulerEvent.NodeUnreachable(last)]);

        Assert.Equal(["last"], scheduler.Fenced);
    }

    [Fact]
    public void Whom_it_saw_while_it_was_coming_up_itself_may_be_coming_up_too()
    {
        var last = new Peer(new NodeId("last"), new Incarnation(9), "");
        var scheduler = new SchedulerBench(members: [last], before: [SchedulerEvent.NodeGone(last)], upMs: 500);

        Assert.Empty(scheduler.Fenced);
    }

    [Fact]
    public void Who_has_been_up_for_long_fences_at_once_where_nobody_listens()
    {
        var scheduler = new SchedulerBench(members: [new Peer(new NodeId("dead"), new Incarnation(1), "")], before: []);

        scheduler.Refuse("dead");

        Assert.Equal(["dead"], scheduler.Fenced);
    }

    [Fact]
    public void A_later_start_of_whom_it_saw_go_is_not_fenced_for_it()
    {
        var last = new Peer(new NodeId("last"), new Incarnation(9), "");
        var scheduler = new SchedulerBench(members: [last with { Incarnation = new Incarnation(10) }], before: [SchedulerEvent.NodeGone(last)]);

        Assert.Empty(scheduler.Fenced);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_last_leader_is_fenced_at_once_though_its_process_led_as_an_earlier_start_than_is_registered(bool isGone)
    {
        var process = new Peer(new NodeId("last"), new Incarnation(9), "");
        var registered = process with { Incarnation = new Incarnation(10) };      // it was fenced before, and came back
        var lost = isGone ? SchedulerEvent.NodeGone(process) : SchedulerEvent.NodeUnreachable(process);
        var scheduler = new SchedulerBench(members: [registered], before: [SchedulerEvent.Followed(process), lost]);

        Assert.Equal(["last"], scheduler.Fenced);
    }

    [Fact]
    public void Who_has_come_back_elsewhere_is_not_fenced_as_its_earlier_place_cannot_be_reached()
    {
        var before = new Peer(new NodeId("moved"), new Incarnation(9), "tcp://10.0.0.1:1");
        var now = new Peer(new NodeId("moved"), new Incarnation(10), "tcp://10.0.0.2:1");
        var leading = new SchedulerBench(members: [now]);
        leading.FailToReach(before);
        Assert.Empty(leading.Fenced);

        var next = new SchedulerBench(members: [now], before: [SchedulerEvent.Followed(before), SchedulerEvent.NodeUnreachable(before)]);
        Assert.Empty(next.Fenced);
    }

    [Fact]
    public void The_last_leader_may_be_lost_before_it_is_heard_that_it_leads()
    {
        var last = new Peer(new NodeId("last"), new Incarnation(9), "");
        var scheduler = new SchedulerBench(members: [last], before: [SchedulerEvent.NodeGone(last), SchedulerEvent.Followed(last)]);
        Assert.Equal(["last"], scheduler.Fenced);
    }

    [Fact]
    public void Whom_it_lost_under_an_earlier_leader_is_not_fenced_for_it()
    {
        var earlier = new Peer(new NodeId("earlier"), new Incarnation(9), "");
        var last = new Peer(new NodeId("last"), new Incarnation(9), "");
        SchedulerEvent[] before = [SchedulerEvent.Followed(earlier), SchedulerEvent.NodeUnreachable(earlier), SchedulerEvent.Followed(last), SchedulerEvent.NodeUnreachable(last)];
        var scheduler = new SchedulerBench(members: [earlier, last], before: before);

        Assert.Equal(["last"], scheduler.Fenced);
    }

    [Fact]
    public void A_leader_fences_whom_it_cannot_reach_whichever_start_of_it_was_last_spoken_to()
    {
        var process = new Peer(new NodeId("mute"), new Incarnation(9), "");
        var scheduler = new SchedulerBench(members: [process with { Incarnation = new Incarnation(10) }], before: []);

        scheduler.FailToReach(process);

        Assert.Equal(["mute"], scheduler.Fenced);
    }

    [Fact]
    public void What_a_ledger_announces_no_more_once_it_has_started_again_it_is_asked_about_and_what_it_has_settled_is_called_back()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("worker");
        var (open, settled) = (scheduler.Announce(), scheduler.Announce());

        scheduler.RestartLedger();
        scheduler.GreetFromLedger();
        scheduler.Announce(open, number: 0);
        scheduler.Pass(10_000);
        Assert.Equal([settled.Id], scheduler.Inquired);

        scheduler.SettleUnassigned(settled);
        Assert.Equal([settled.Id], scheduler.Effects.Where(effect => effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Revoke }).Select(effect => effect.Message.Task));
        Assert.Equal(1, scheduler.Machine.TaskCount);
    }

    [Theory]
    [InlineData(false, false, "its own")]
    [InlineData(true, false, "other")]
    [InlineData(true, true, "its own")]
    public void Who_is_drained_votes_only_where_all_are_as_what_they_have_begun_could_not_end(bool areAllDrained, bool isOtherLeaving, string expected)
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("first");
        scheduler.Join("second");
        var task = scheduler.Announce();
        var own = Assert.Single(scheduler.Assigned).Node;
        var other = own == "first" ? "second" : "first";
        scheduler.ReportDraining(other, isOtherLeaving);
        if (areAllDrained) scheduler.ReportDraining(own, held: [new HeldAttempt(new Attempt(task.Id, scheduler.EpochOf(task)), 1, false, Suspicion.None, null)]);
        scheduler.CallVote(own, task);

        Assert.Equal([expected == "other" ? other : own], scheduler.Effects.Where(effect => effect.Message.Kind == MessageKind.AskBallot).Select(effect => effect.To.Node.Value));
    }

    [Fact]
    public void A_ledger_that_still_announces_what_it_had_announced_before_is_asked_nothing_yet()
    {
        var scheduler = new SchedulerBench();
        var tasks = Enumerable.Range(0, 20).Select(_ => scheduler.Announce()).ToArray();
        scheduler.RestartLedger();
        scheduler.GreetFromLedger();
        foreach (var task in tasks[..19])
        {
            scheduler.Pass(500);
            scheduler.Announce(task, Announcement.KnownBefore);
        }

        Assert.Empty(scheduler.Inquired);
        scheduler.Pass(2_000);
        Assert.Equal([tasks[19].Id], scheduler.Inquired);
    }

    [Fact]
    public void Submitters_that_share_a_name_are_asked_nothing_about_each_others_tasks()
    {
        var scheduler = new SchedulerBench();
        var other = new Peer(new NodeId("ledger"), new Incarnation(77), "tcp://10.0.0.2:7");      // named as the first one
        scheduler.Announce();
        for (var second = 0; second < 5; second++)
        {
            scheduler.GreetFromLedger();
            scheduler.Greet(new LedgerId(8), other);
            scheduler.Pass(1_000);
        }

        Assert.Empty(scheduler.Inquired);
    }

    [Fact]
    public void A_ledger_that_did_not_start_again_is_asked_about_nothing()
    {
        var scheduler = new SchedulerBench();
        scheduler.Announce();
        scheduler.GreetFromLedger();
        scheduler.Pass(10_000);
        Assert.Empty(scheduler.Inquired);
    }

    [Fact]
    public void Of_many_tasks_that_a_ledger_announces_no_more_a_few_are_asked_about_at_a_time()
    {
        var scheduler = new SchedulerBench();
        for (var count = 0; count < 1_000; count++) scheduler.Announce();
        scheduler.RestartLedger();
        scheduler.GreetFromLedger();
        scheduler.Pass(1_100);
        Assert.InRange(scheduler.Inquired.Count(), 1, 300);
        scheduler.Pass(2_000);
        Assert.Equal(1_000, scheduler.Inquired.Count());
        Assert.Equal(1_000, scheduler.Inquired.Distinct().Count());
    }

    [Fact]
    public void A_ledger_hears_that_its_tasks_are_here_before_it_has_to_wait_with_the_next()
    {
        var scheduler = new SchedulerBench();
        var heard = 0;
        for (var announced = 1L; announced <= 1_000; announced++)
        {
            scheduler.Announce(payloadBytes: 1_024);
            heard = scheduler.Effects.Where(effect => effect.Message.Kind == MessageKind.Announced).Sum(effect => ((TaskId[])effect.Message.Body!).Length);
            Assert.True((announced - heard) * 1_024 <= Acknowledgements.MostBytes, $"{heard} of {announced}");
        }

        Assert.True(heard > 900);
    }

    [Fact]
    public void A_task_of_a_class_that_nobody_runs_blocks_nobody()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var rare = scheduler.Announce(@class: Rare, priority: 100);
        var common = scheduler.Announce();
        Assert.Equal([(common.Id, "a")], scheduler.Assigned);

        scheduler.Join("b", 10, Rare);
        Assert.Contains((rare.Id, "b"), scheduler.Assigned);
    }

    [Fact]
    public void Tasks_of_a_class_that_few_nodes_run_are_spread_over_all_of_them()
    {
        var scheduler = new SchedulerBench();
        for (var node = 0; node < 1_000; node++) scheduler.Join($"n{node}", 50, node % 100 == 0 ? [SchedulerBench.Work, Rare] : [SchedulerBench.Work]);
        for (var i = 0; i < 100; i++) scheduler.Announce(@class: Rare);

        var counts = scheduler.Assigned.GroupBy(assigned => assigned.Node).Select(group => group.Count()).ToArray();
        Assert.Equal(10, counts.Length);
        Assert.True(counts.Max() <= 20, $"One of ten nodes got {counts.Max()} of 100 tasks.");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public void A_vote_is_held_for_an_attempt_that_its_node_holds_and_for_no_other(bool saysNotHeld, int votes)
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();
        if (saysNotHeld) scheduler.SayNotHeld("a", task);

        scheduler.CallVote("a", task);

        Assert.Equal(votes, scheduler.Machine.VoteCount);
    }

    [Fact]
    public void A_node_whose_memory_seems_full_still_gets_one_task_at_a_time()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Report("a", pressure: 1);
        var first = scheduler.Announce();
        scheduler.Announce();
        Assert.Single(scheduler.Assigned);

        scheduler.Settle(first);
        Assert.Equal(2, scheduler.Assigned.Count());
    }

    [Fact]
    public void No_node_gets_more_than_its_limit()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a", limit: 3);
        scheduler.Join("b", limit: 5);
        for (var i = 0; i < 20; i++) scheduler.Announce();

        Assert.Equal(3, scheduler.Assigned.Count(assigned => assigned.Node == "a"));
        Assert.Equal(5, scheduler.Assigned.Count(assigned => assigned.Node == "b"));
    }

    [Fact]
    public void Of_the_tasks_of_a_key_one_is_out_at_a_time_in_the_order_of_their_ids()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Join("b");
        var tasks = Enumerable.Range(0, 5).Select(_ => scheduler.Announce(key: "k")).ToArray();
        foreach (var task in tasks)
        {
            Assert.Equal(task.Id, scheduler.Assigned.Last().Task);
            scheduler.Settle(task);
        }

        Assert.Equal(5, scheduler.Assigned.Count());
    }

    [Fact]
    public void Tasks_of_a_key_go_where_the_last_one_ran()
    {
        var scheduler = new SchedulerBench();
        foreach (var node in (string[])["a", "b", "c", "d"]) scheduler.Join(node, limit: 1_000);
        var stayed = 0;
        for (var key = 0; key < 200; key++)
        {
            var first = scheduler.Announce(key: $"{key}");
            scheduler.Settle(first);
            var second = scheduler.Announce(key: $"{key}");
            scheduler.Settle(second);
            var homes = scheduler.Assigned.TakeLast(2).Select(assigned => assigned.Node).ToArray();
            if (homes[0] == homes[1]) stayed++;
        }

        Assert.True(stayed > 80, $"Of 200 keys {stayed} stayed where they were; chance alone gives 50.");
    }

    [Fact]
    public void A_large_payload_stays_where_its_ledger_is()
    {
        var (small, large) = (AtLedger(payloadBytes: 10), AtLedger(payloadBytes: 8 << 20));
        Assert.InRange(small, 20, 80);
        Assert.True(large > 85, $"{large} of 100 large payloads stayed at the node of their ledger.");

        static int AtLedger(int payloadBytes)
        {
            var scheduler = new SchedulerBench();
            foreach (var node in (string[])["a", "b"]) scheduler.Join(node, limit: 100_000);
            for (var i = 0; i < 100; i++) scheduler.Settle(scheduler.Announce(payloadBytes: payloadBytes, ledger: "a"));
            return scheduler.Assigned.Count(assigned => assigned.Node == "a");
        }
    }

    [Fact]
    public void A_node_that_lost_its_work_is_trusted_less_when_it_comes_back()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Join("b");
        for (var i = 0; i < 12; i++) scheduler.Announce();
        var before = scheduler.WeightOf("b").Reliability;
        scheduler.Lose("b");
        scheduler.Join("b");

        Assert.True(scheduler.WeightOf("b").Reliability < before, "It was forgotten that the node had lost its work.");
    }

    [Fact]
    public void A_node_that_left_in_order_makes_nothing_suspect()
    {
        Assert.Equal(1, SuspicionAfter(draining: false).Deaths);
        Assert.Equal(Suspicion.None, SuspicionAfter(draining: true));

        static Suspicion SuspicionAfter(bool draining)
        {
            var scheduler = new SchedulerBench();
            scheduler.Join("a");
            var task = scheduler.Announce();
            scheduler.Report("a", draining: draining);
            scheduler.Lose("a");
            scheduler.Join("b");
            return scheduler.SuspicionOf(task);
        }
    }

    [Fact]
    public void What_finished_tasks_took_orders_those_that_wait()
    {
        var scheduler = new SchedulerBench(new SchedulerSettings { IterationLimit = _ => 10 });
        scheduler.Join("a", limit: 1);
        var running = scheduler.Announce();
        scheduler.Settle(running, iterations: 10);      // this class uses all of its iterations
        var first = scheduler.Announce();
        var learnt = scheduler.Announce();
        var stated = scheduler.Announce(difficulty: 0.1);
        scheduler.Settle(first, iterations: 10);

        Assert.Equal(stated.Id, scheduler.Assigned.Last().Task);
        scheduler.Settle(stated);
        Assert.Equal(learnt.Id, scheduler.Assigned.Last().Task);
    }

    [Fact]
    public void A_silent_node_gets_nothing_new_and_is_fenced()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Join("b");
        for (var second = 0; second < 4; second++)
        {
            scheduler.Pass(1_000);
            scheduler.Report("a");
        }

        for (var i = 0; i < 5; i++) scheduler.Announce();
        Assert.All(scheduler.Assigned, assigned => Assert.Equal("a", assigned.Node));
        Assert.Empty(scheduler.Fenced);

        scheduler.Pass(2_000);
        Assert.Equal(["b"], scheduler.Fenced);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    public void A_node_that_was_gone_before_the_term_began_is_fenced_within_three_seconds(int deadAfterMs)
    {
        var dead = new Peer(new NodeId("dead"), new Incarnation(1), "");
        var scheduler = new SchedulerBench(members: [dead]);
        scheduler.Join("a");
        var task = scheduler.Announce();
        var knocks = 0;
        for (var ms = 0; ms < 3_000; ms += 50)
        {
            scheduler.Pass(50);
            if (ms % 1_000 == 0) scheduler.Report("a");
            if (scheduler.Welcomed.Count(node => node == "dead") is var sent && sent == knocks) continue;
            knocks = sent;
            if (ms >= deadAfterMs) scheduler.Refuse("dead");      // the welcome is a knock, and nobody is there
            if (ms < 1_900) Assert.Empty(scheduler.Fenced);      // it might have been coming up, as we were
        }

        Assert.Equal(["dead"], scheduler.Fenced);
        scheduler.Lose("dead");
        Assert.Equal([(task.Id, "a")], scheduler.Assigned);
    }

    [Fact]
    public void A_node_to_which_nothing_can_be_said_is_fenced_though_it_reports()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();
        Assert.Equal([(task.Id, "a")], scheduler.Assigned);
        scheduler.Join("b");
        scheduler.Report("a");
        scheduler.FailToReach("a");

        Assert.Equal(["a"], scheduler.Fenced);
        scheduler.Lose("a");
        Assert.Equal([(task.Id, "a"), (task.Id, "b")], scheduler.Assigned);
    }

    [Fact]
    public void A_node_that_has_reported_is_knocked_at_no_more()
    {
        var scheduler = new SchedulerBench(members: [new Peer(new NodeId("a"), new Incarnation(1), "")]);
        scheduler.Pass(1_000);
        scheduler.Report("a");
        var knocks = scheduler.Welcomed.Count();
        scheduler.Pass(2_500);

        Assert.True(knocks > 2, $"It was knocked at {knocks} times.");
        Assert.Equal(knocks, scheduler.Welcomed.Count());
    }

    [Fact]
    public void A_scheduler_that_slept_blames_no_node()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Sleep(60_000);
        scheduler.Report("a");
        scheduler.Pass(1_000);

        Assert.Empty(scheduler.Fenced);
        scheduler.Announce();
        Assert.Single(scheduler.Assigned);
    }

    [Fact]
    public void A_decision_says_what_it_was_weighed_by()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Join("b");
        for (var i = 0; i < 10; i++)
        {
            var task = scheduler.Announce();
            var decision = scheduler.Machine.Explain(task.Id);
            Assert.NotNull(decision);
            Assert.Equal(scheduler.Assigned.Last().Node, decision.Chosen.Value);
            Assert.InRange(decision.Weight.Value, 0.01, 1);
            if (decision.Other is not null) Assert.True(decision.ExpectedWait <= decision.OtherExpectedWait, "The node with the longer wait was taken.");
        }
    }
}
