using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>Before a lost node's task is given out again, the coordination store is asked how far it had come.</summary>
public sealed class SchedulerRecallTests
{
    private static readonly byte[] Left = [1, 2, 3];
    private readonly SchedulerBench _bench = new(new SchedulerSettings { RecallsCheckpoints = true });

    [Fact]
    public void A_task_that_nobody_has_worked_on_is_not_looked_for()
    {
        _bench.Join("a");

        _bench.Announce();

        Assert.Single(_bench.Assigned);
        Assert.Empty(Recalled);
    }

    [Fact]
    public void The_task_of_a_lost_node_goes_on_elsewhere_from_what_was_found()
    {
        _bench.Join("a");
        var task = _bench.Announce();
        _bench.Join("b");

        _bench.Lose("a");
        Assert.Equal([task.Id], Recalled);
        Assert.Single(_bench.Assigned);

        _bench.Find(task, Left);
        Assert.Equal((task.Id, "b"), _bench.Assigned.Last());
        Assert.Equal(Left, LastAssignment.Checkpoint);
    }

    [Fact]
    public void Of_a_task_of_which_nothing_was_found_another_node_begins_anew()
    {
        _bench.Join("a");
        var task = _bench.Announce();
        _bench.Join("b");

        _bench.Lose("a");
        _bench.Find(task, null);

        Assert.Equal((task.Id, "b"), _bench.Assigned.Last());
        Assert.Null(LastAssignment.Checkpoint);
    }

    [Fact]
    public void A_store_that_does_not_answer_holds_nothing_up_for_long()
    {
        _bench.Join("a");
        var task = _bench.Announce();
        _bench.Join("b");
        _bench.Lose("a");

        for (var count = 0; count < 5; count++)
        {
            _bench.Pass(500);
            _bench.Report("b");
        }

        Assert.Equal((task.Id, "b"), _bench.Assigned.Last());
        _bench.Find(task, Left);      // too late: it has been given out
        Assert.Equal(2, _bench.Assigned.Count());
    }

    [Fact]
    public void A_node_that_comes_back_with_the_task_while_it_is_looked_for_keeps_it()
    {
        _bench.Join("a");
        var task = _bench.Announce();
        var epoch = _bench.Effects.Last(effect => effect.Message.Kind == MessageKind.Assign).Message.Epoch;
        _bench.Lose("a");

        _bench.Join("b");
        Assert.Equal([task.Id], Recalled);
        _bench.Report("b", held: new HeldAttempt(new Attempt(task.Id, epoch), 3, false, Suspicion.None, null));
        _bench.Find(task, Left);

        Assert.Single(_bench.Assigned);
        Assert.True(LastAssignment.Adopted);
    }

    [Fact]
    public void A_new_leader_looks_for_a_task_that_another_had_before()
    {
        _bench.Join("a");

        var task = _bench.Announce(number: Announcement.KnownBefore);

        Assert.Equal([task.Id], Recalled);
        _bench.Find(task, Left);
        Assert.Equal(Left, LastAssignment.Checkpoint);
    }

    [Fact]
    public void A_task_that_is_settled_while_it_is_looked_for_is_not_given_out()
    {
        _bench.Join("a");
        var task = _bench.Announce(number: Announcement.KnownBefore);

        _bench.SettleUnassigned(task);
        _bench.Find(task, Left);

        Assert.Empty(_bench.Assigned);
    }

    [Fact]
    public void A_copy_whose_task_nobody_knows_from_one_list_to_the_next_is_removed()
    {
        _bench.Join("a");
        var known = _bench.Announce();
        var stray = TaskId.Create(1_000, 1, new LedgerId(99));

        _bench.List(known.Id, stray);
        Assert.Empty(Removed);

        _bench.List(known.Id, stray);
        Assert.Equal([stray], Removed);
    }

    [Fact]
    public void Copies_are_listed_now_and_then()
    {
        _bench.Pass(700_000);

        Assert.Equal(2, _bench.Effects.Count(effect => effect.Kind == SchedulerEffectKind.ListCopies));
    }

    private IEnumerable<TaskId> Recalled => _bench.Effects.Where(effect => effect.Kind == SchedulerEffectKind.Recall).SelectMany(effect => effect.Tasks);

    private IEnumerable<TaskId> Removed => _bench.Effects.Where(effect => effect.Kind == SchedulerEffectKind.RemoveCopies).SelectMany(effect => effect.Tasks);

    private Assignment LastAssignment => (Assignment)_bench.Effects.Last(effect => effect.Message.Kind == MessageKind.Assign).Message.Body!;
}
