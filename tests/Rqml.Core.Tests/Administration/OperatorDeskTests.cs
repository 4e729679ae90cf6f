using Rqml.Administration;
using Rqml.Core.Tests.Scheduling;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Administration;

/// <summary>What whoever leads answers to operators.</summary>
public sealed class OperatorDeskTests
{
    private const long AllHaveSpokenMs = 3_000;
    private static readonly ClassKey Rare = new("rare", 2);
    private static readonly AdministrationRequest DrainA = new(AdministrationKind.Drain) { Node = new NodeId("a") };
    private static readonly AdministrationRequest ResumeA = new(AdministrationKind.Resume) { Node = new NodeId("a") };

    [Fact]
    public void Nodes_are_listed_with_what_they_last_reported_and_the_leader_among_them()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("b", 10, SchedulerBench.Work, Rare);
        scheduler.Join("a", 4);
        scheduler.Announce();

        var nodes = scheduler.Ask(new AdministrationRequest(AdministrationKind.ListNodes)).Nodes;

        Assert.Equal(["a", "b", "scheduler"], nodes.Select(node => node.Id.Value));
        Assert.Equal([new ClassVersion("rare", 2), new ClassVersion("work", 1)], nodes[1].Classes);
        Assert.Equal([ClusterStanding.Active, ClusterStanding.Active, ClusterStanding.Active], nodes.Select(node => node.Standing));
        Assert.Equal((NodeRoles.Worker, 10, 2), (nodes[1].Roles, nodes[1].Limit, nodes[1].Load!.Lanes));
        Assert.Equal((NodeRoles.Scheduler, null), (nodes[2].Roles, nodes[2].Load));
        Assert.Equal(1, nodes.Sum(node => node.Assigned));
    }

    [Fact]
    public void A_silent_node_is_listed_with_the_time_since_it_was_heard()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Pass(3_500);

        var node = scheduler.Ask(new AdministrationRequest(AdministrationKind.ListNodes)).Nodes[0];
        Assert.Equal((ClusterStanding.Suspect, 3_500), (node.Standing, node.SinceHeard.TotalMilliseconds));
    }

    [Fact]
    public void A_member_that_has_not_reported_yet_is_joining()
    {
        var scheduler = new SchedulerBench(members: [new Peer(new NodeId("a"), new Incarnation(1), "")]);

        Assert.Equal(ClusterStanding.Joining, scheduler.Ask(new AdministrationRequest(AdministrationKind.ListNodes)).Nodes[0].Standing);
    }

    [Fact]
    public void A_drain_is_done_when_the_node_reports_that_it_takes_nothing_and_holds_nothing()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();

        Assert.Equal(AdministrationVerdict.Pending, scheduler.Ask(DrainA).Verdict);
        var command = scheduler.Effects.Last(effect => effect.Message.Kind == MessageKind.Drain);
        Assert.Equal(("a", 1L, SchedulerBench.Term.Number), (command.To.Node.Value, command.Message.Number, command.Message.Epoch.Term));

        scheduler.ReportDraining("a", held: new HeldAttempt(new Attempt(task.Id, scheduler.EpochOf(task)), 1, false, Suspicion.None, null));
        var seen = scheduler.Ask(DrainA);
        Assert.Equal((AdministrationVerdict.Pending, true, new Incarnation(1)), (seen.Verdict, seen.Begun, seen.Start));

        scheduler.Settle(task);
        scheduler.ReportDraining("a");
        Assert.Equal(AdministrationVerdict.Done, scheduler.Ask(DrainA with { Begun = true, Start = seen.Start }).Verdict);
    }

    [Fact]
    public void Nothing_new_goes_to_a_node_that_reports_to_be_draining()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.ReportDraining("a");
        scheduler.Announce();

        Assert.Empty(scheduler.Assigned);
    }

    [Fact]
    public void A_drain_that_somebody_else_has_called_off_is_not_begun_again()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");

        Assert.Equal(AdministrationVerdict.CalledOff, scheduler.Ask(DrainA with { Begun = true, Start = new Incarnation(1) }).Verdict);
        Assert.DoesNotContain(scheduler.Effects, effect => effect.Message.Kind == MessageKind.Drain);
    }

    [Fact]
    public void A_report_that_was_overtaken_by_a_later_one_calls_no_drain_off()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.ReportDraining("a", turns: 1);
        Assert.Equal(AdministrationVerdict.Done, scheduler.Ask(DrainA).Verdict);

        scheduler.Report("a");      // from before its drain

        Assert.Equal(AdministrationVerdict.Done, scheduler.Ask(DrainA with { Begun = true, Start = new Incarnation(1) }).Verdict);
        scheduler.Announce();
        Assert.Empty(scheduler.Assigned);
    }

    [Fact]
    public void What_a_draining_node_gives_back_does_not_yet_say_what_else_it_holds()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();

        scheduler.GiveBack("a", task);      // its report is on its way

        var seen = scheduler.Ask(DrainA);
        Assert.Equal((AdministrationVerdict.Pending, false), (seen.Verdict, seen.Begun));
        Assert.Equal(ClusterStanding.Draining, scheduler.Ask(new AdministrationRequest(AdministrationKind.ListNodes)).Nodes[0].Standing);
    }

    [Fact]
    public void A_drain_ends_with_the_start_of_the_node_that_it_was_of()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Join("a");

        Assert.Equal(AdministrationVerdict.NodeGone, scheduler.Ask(DrainA with { Begun = true, Start = new Incarnation(1) }).Verdict);
        scheduler.Lose("a");
        Assert.Equal(AdministrationVerdict.NodeGone, scheduler.Ask(DrainA with { Begun = true, Start = new Incarnation(2) }).Verdict);
    }

    [Fact]
    public void A_node_that_nobody_knows_is_unknown_only_once_all_have_had_time_to_report()
    {
        var scheduler = new SchedulerBench();

        Assert.Equal(AdministrationVerdict.Pending, scheduler.Ask(DrainA).Verdict);
        scheduler.Pass(AllHaveSpokenMs);
        Assert.Equal(AdministrationVerdict.UnknownNode, scheduler.Ask(DrainA).Verdict);
    }

    [Fact]
    public void A_node_takes_work_again_once_it_reports_so()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.ReportDraining("a");

        Assert.Equal(AdministrationVerdict.Pending, scheduler.Ask(ResumeA).Verdict);
        Assert.Contains(scheduler.Effects, effect => effect.Message.Kind == MessageKind.Resume);
        scheduler.Report("a");
        Assert.Equal(AdministrationVerdict.Done, scheduler.Ask(ResumeA).Verdict);
    }

    [Fact]
    public void A_node_that_leaves_by_itself_cannot_be_told_to_stay()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.ReportDraining("a", leaving: true);

        Assert.Equal(ClusterStanding.Leaving, scheduler.Ask(new AdministrationRequest(AdministrationKind.ListNodes)).Nodes[0].Standing);
        Assert.Equal(AdministrationVerdict.NodeLeaving, scheduler.Ask(ResumeA).Verdict);
    }

    [Fact]
    public void Tasks_that_no_node_serves_are_parked_and_served_ones_that_wait_for_room_are_not()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a", limit: 1);
        scheduler.Announce();
        scheduler.Announce();
        var rare = scheduler.Announce(@class: Rare);
        scheduler.Pass(1_500);

        var parked = scheduler.Ask(new AdministrationRequest(AdministrationKind.ListParked));

        Assert.Equal(1, parked.ParkedTotal);
        Assert.Equal(new ParkedTask(rare.Id, new ClassVersion("rare", 2), ParkedFor.ServingNode, TimeSpan.FromMilliseconds(1_500), null), Assert.Single(parked.Parked));
    }

    [Fact]
    public void A_suspect_is_parked_until_it_is_released_at_its_node_too()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();
        var suspect = new HeldAttempt(new Attempt(task.Id, scheduler.EpochOf(task)), 2, false, new Suspicion(Suspicion.DeathsToRunAlone, 2), null);
        scheduler.Report("a", held: suspect);

        var parked = Assert.Single(scheduler.Ask(new AdministrationRequest(AdministrationKind.ListParked)).Parked);
        Assert.Equal((task.Id, ParkedFor.NodeToItself, "a"), (parked.Task, parked.Why, parked.Node!.Value.Value));

        var release = new AdministrationRequest(AdministrationKind.Release);
        Assert.Equal((AdministrationVerdict.Pending, true), (scheduler.Ask(release, task.Id).Verdict, scheduler.Ask(release, task.Id).Begun));
        Assert.Contains(scheduler.Effects, effect => effect.Message.Kind == MessageKind.ReleaseAttempt && effect.Message.Epoch == suspect.Attempt.Epoch);

        scheduler.Report("a", held: suspect with { Suspicion = Suspicion.None });
        Assert.Equal(AdministrationVerdict.Done, scheduler.Ask(release with { Begun = true }, task.Id).Verdict);
        Assert.Equal(AdministrationVerdict.NotParked, scheduler.Ask(release, task.Id).Verdict);
    }

    [Fact]
    public void A_task_that_is_to_fail_is_its_ledgers_to_settle()
    {
        var scheduler = new SchedulerBench();
        var task = scheduler.Announce();

        var answer = scheduler.Ask(new AdministrationRequest(AdministrationKind.Fail) { Reason = "enough" }, task.Id);

        Assert.Equal((AdministrationVerdict.Pending, "ledger"), (answer.Verdict, answer.Ledger.Value));
        var told = scheduler.Effects.Single(effect => effect.Message.Kind == MessageKind.FailTask);
        Assert.Equal(("ledger", task.Id, new FailOrder(SchedulerBench.Operator, "enough")), (told.To.Node.Value, told.Message.Task, (FailOrder)told.Message.Body!));
    }
}
