using Rqml.Scheduling;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>What an operator hears of nodes, from the decisions themselves; the words are the shell's.</summary>
public sealed class SchedulerNewsTests
{
    private readonly SchedulerBench _scheduler = new();

    [Fact]
    public void The_story_of_a_node_that_dies_and_comes_back_is_told_in_order()
    {
        _scheduler.Join("a");
        for (var i = 0; i < 5; i++) _scheduler.Announce();
        _scheduler.Join("b");
        _scheduler.Refuse("a");
        _scheduler.ConfirmFence("a");
        _scheduler.Join("a");

        Assert.Equal(
            [
                (SchedulerNews.Elected, "scheduler", 0), (SchedulerNews.Joined, "a", 0), (SchedulerNews.Joined, "b", 0),
                (SchedulerNews.GivenUp, "a", 5), (SchedulerNews.Fenced, "a", 5), (SchedulerNews.HandedOver, "a", 0), (SchedulerNews.CameBack, "a", 0),
            ],
            _scheduler.Told);
    }

    [Fact]
    public void A_hand_over_is_over_when_its_last_task_has_a_node_or_is_settled_and_says_how_many_went_where()
    {
        _scheduler.Join("a");
        TaskSpec[] tasks = [.. Enumerable.Range(0, 5).Select(_ => _scheduler.Announce())];
        _scheduler.Join("b", limit: 2);
        _scheduler.Lose("a");
        Assert.DoesNotContain(_scheduler.Told, told => told.News == SchedulerNews.HandedOver);      // b has room for two

        _scheduler.Settle(tasks.First(task => _scheduler.Assigned.Count(assigned => assigned.Task == task.Id) == 1));
        _scheduler.Pass(1_000);
        _scheduler.Report("b", limit: 2);
        _scheduler.Join("c");

        var handOver = Assert.Single(_scheduler.Effects, effect => effect.News == SchedulerNews.HandedOver);
        Assert.Equal(("2 at b, 2 at c, 1 settled meanwhile", 1_000), (handOver.Message.Body!.ToString(), handOver.Message.Number));
    }

    [Fact]
    public void A_node_that_falls_silent_is_suspected_once_and_then_given_up_for_that()
    {
        _scheduler.Join("a");
        _scheduler.Pass(6_000);

        var told = _scheduler.Effects.Where(effect => effect.Kind == SchedulerEffectKind.Tell).Skip(2).ToArray();
        Assert.Equal([SchedulerNews.Suspected, SchedulerNews.GivenUp], told.Select(effect => effect.News));
        Assert.InRange(told[0].Message.Number, 3_000, 3_500);
        Assert.Equal(FenceReason.Silent, told[1].Message.Body);
    }

    [Fact]
    public void A_node_that_is_heard_again_in_time_is_told_of_and_keeps_its_work()
    {
        _scheduler.Join("a");
        _scheduler.Pass(3_500);
        _scheduler.Report("a");

        Assert.Equal([SchedulerNews.Suspected, SchedulerNews.HeardAgain], _scheduler.Told.Skip(2).Select(told => told.News));
    }

    [Fact]
    public void A_node_that_is_fenced_and_lives_is_told_of_as_turned_away()
    {
        _scheduler.Join("a");
        _scheduler.RefuseAsFenced("a");

        Assert.Equal([(SchedulerNews.TurnedAway, "a", 0), (SchedulerNews.Fenced, "a", 0)], _scheduler.Told.Skip(2));
    }

    [Fact]
    public void A_version_of_a_class_that_no_node_runs_is_told_of_once_after_a_while_and_again_after_a_node_had_it()
    {
        var newer = new ClassKey(SchedulerBench.Work.Name, 2);
        _scheduler.Join("a");
        _scheduler.Announce(@class: newer);
        _scheduler.Announce(@class: newer);
        for (var seconds = 0; seconds < 20; seconds++) Live("a");

        var told = Assert.Single(_scheduler.Effects, effect => effect.News == SchedulerNews.Unserved && effect.Kind == SchedulerEffectKind.Tell);
        Assert.Equal((newer, 2), (told.Message.Body, told.Message.Number));

        _scheduler.Join("b", 10, newer);
        _scheduler.Lose("b");
        for (var seconds = 0; seconds < 20; seconds++) Live("a");
        Assert.Equal(2, _scheduler.Told.Count(news => news.News == SchedulerNews.Unserved));
    }

    [Fact]
    public void A_class_whose_last_task_is_settled_is_waited_for_no_longer_and_the_next_ones_wait_begins_anew()
    {
        var newer = new ClassKey(SchedulerBench.Work.Name, 2);
        _scheduler.Join("a");
        _scheduler.SettleUnassigned(_scheduler.Announce(@class: newer));
        for (var seconds = 0; seconds < 20; seconds++) Live("a");
        var waiting = _scheduler.Announce(@class: newer);
        Live("a");
        Assert.DoesNotContain(_scheduler.Told, news => news.News == SchedulerNews.Unserved);      // it has waited for a second

        for (var seconds = 0; seconds < 20; seconds++) Live("a");
        Assert.Equal(1, Assert.Single(_scheduler.Told, news => news.News == SchedulerNews.Unserved).Number);

        _scheduler.SettleUnassigned(waiting);
        for (var tasks = 0; tasks < 3; tasks++) _scheduler.Announce(@class: newer);
        for (var seconds = 0; seconds < 20; seconds++) Live("a");
        Assert.Equal([1, 3], _scheduler.Told.Where(news => news.News == SchedulerNews.Unserved).Select(news => news.Number));
    }

    [Fact]
    public void The_end_of_a_term_says_how_much_was_open()
    {
        _scheduler.Join("a");
        for (var i = 0; i < 3; i++) _scheduler.Announce();
        _scheduler.Depose();
        _scheduler.Depose();

        Assert.Equal([(SchedulerNews.Deposed, "scheduler", 3)], _scheduler.Told.Skip(2));
    }

    [Fact]
    public void No_number_of_tasks_adds_to_what_is_told()
    {
        _scheduler.Join("a", limit: 100);
        for (var i = 0; i < 1_000; i++) _scheduler.Settle(_scheduler.Announce());

        Assert.Equal(2, _scheduler.Told.Count());
    }

    /// <summary>A second passes in which the node is heard.</summary>
    private void Live(string node)
    {
        _scheduler.Pass(1_000);
        _scheduler.Report(node);
    }
}
