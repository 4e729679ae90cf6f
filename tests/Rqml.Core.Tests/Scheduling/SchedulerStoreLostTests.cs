using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>A leader whose coordination store does not answer; and one that comes back to nodes that worked alone.</summary>
public sealed class SchedulerStoreLostTests
{
    [Fact]
    public void What_a_dead_node_had_without_a_key_goes_elsewhere_and_what_has_one_waits_for_the_fence()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var (free, keyed) = (scheduler.Announce(), scheduler.Announce("key"));
        scheduler.Join("b");
        scheduler.LoseStore();
        scheduler.Refuse("a");
        Assert.Equal([(free.Id, "a"), (keyed.Id, "a"), (free.Id, "b")], scheduler.Assigned);
        Assert.Contains((SchedulerNews.HandedOverUnfenced, "a", 1), scheduler.Told);

        scheduler.FindStore();
        scheduler.ConfirmFence("a");
        Assert.Equal((keyed.Id, "b"), scheduler.Assigned.Last());
        Assert.Equal(4, scheduler.Assigned.Count());
    }

    [Fact]
    public void So_does_what_a_node_had_that_was_given_up_before_the_store_was_found_to_be_lost()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var task = scheduler.Announce();
        scheduler.Join("b");
        scheduler.Refuse("a");
        Assert.Single(scheduler.Assigned);
        scheduler.LoseStore();
        Assert.Equal((task.Id, "b"), scheduler.Assigned.Last());
        Assert.Equal(1, scheduler.SuspicionOf(task).Deaths);
    }

    [Fact]
    public void Where_the_store_answers_nothing_goes_elsewhere_before_the_fence_is_in_it()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        scheduler.Announce();
        scheduler.Join("b");
        scheduler.LoseStore();
        scheduler.FindStore();
        scheduler.Refuse("a");
        Assert.Single(scheduler.Assigned);
    }

    [Fact]
    public void A_task_that_its_ledgers_node_took_while_nobody_led_waits_for_that_nodes_report_and_stays_there()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("other");
        var task = scheduler.Announce(ledger: "node", number: Announcement.Lent);
        Assert.Empty(scheduler.Assigned);

        scheduler.Join("node");
        var own = new Attempt(task.Id, Epoch.OfSelf(SchedulerBench.Term, new LedgerId(7), 1));
        scheduler.Report("node", held: new HeldAttempt(own, 3, false, Suspicion.None, null));
        scheduler.Pass(10_000);
        var agreed = scheduler.Effects.Last(effect => effect.Message.Kind == MessageKind.Assign).Message;
        Assert.Equal((own.Epoch, true), (agreed.Epoch, ((Assignment)agreed.Body!).Adopted));
        Assert.Empty(scheduler.Assigned);
    }

    [Fact]
    public void Where_that_node_does_not_have_it_any_more_it_is_given_out_after_a_moment()
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("other");
        var task = scheduler.Announce(ledger: "node", number: Announcement.Lent);
        scheduler.Pass(3_000);
        Assert.Equal([(task.Id, "other")], scheduler.Assigned);
    }
}
