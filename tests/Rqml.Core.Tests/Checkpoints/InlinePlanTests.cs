using Rqml.Cluster;

namespace Rqml.Checkpoints;

/// <summary>Which checkpoints a node copies into the coordination store, and when.</summary>
public sealed class InlinePlanTests
{
    private readonly CoordinationKeys _keys = new("test");
    private readonly InlinePlan _plan;
    private readonly HashSet<TaskId> _revoked = [];
    private long _nowMs = 1_000_000;

    public InlinePlanTests() => _plan = new InlinePlan(_keys);

    [Fact]
    public void What_has_been_uncopied_for_a_second_is_copied_once_until_it_changes()
    {
        Assert.Empty(Next(Held(1, iteration: 1)));

        _nowMs += InlinePlan.CopyAfterMs;
        Assert.Equal([Key(1)], Next(Held(1, iteration: 2)));

        _nowMs += InlinePlan.CopyAfterMs;
        Assert.Empty(Next(Held(1, iteration: 2)));
        Assert.Empty(Next(Held(1, iteration: 3)));

        _nowMs += InlinePlan.CopyAfterMs;
        Assert.Equal([Key(1)], Next(Held(1, iteration: 3)));
    }

    [Fact]
    public void A_task_that_has_made_nothing_yet_is_not_copied()
    {
        Assert.Empty(Next(new HeldSnapshot(Attempt(1), Refinement.RefinementSnapshot.Empty, "model")));
        _nowMs += 10 * InlinePlan.CopyAfterMs;

        Assert.Empty(Next(new HeldSnapshot(Attempt(1), Refinement.RefinementSnapshot.Empty, "model")));
    }

    [Fact]
    public void A_copy_is_removed_once_its_task_has_a_durable_result_and_a_task_without_one_costs_nothing()
    {
        Next(Held(1), Held(2));
        _nowMs += InlinePlan.CopyAfterMs;
        Next(Held(1));

        _plan.Settled(TaskOf(1));
        _plan.Settled(TaskOf(2));

        Assert.Equal([new Change.Delete(Key(1))], Batch().Changes);
        Assert.Empty(Batch().Changes);
    }

    [Fact]
    public void A_copy_whose_task_is_settled_before_the_store_has_answered_is_removed_too()
    {
        Next(Held(1));
        _nowMs += InlinePlan.CopyAfterMs;
        var onItsWay = Batch(Held(1));

        _plan.Settled(TaskOf(1));
        InlinePlan.Committed(onItsWay, _nowMs);

        Assert.Equal([new Change.Delete(Key(1))], Batch().Changes);
    }

    [Fact]
    public void The_copy_of_a_result_that_waits_for_its_ledger_is_removed_with_the_answer()
    {
        Next(Held(1));
        _nowMs += InlinePlan.CopyAfterMs;
        Next(Held(1));

        Next();
        _plan.Settled(TaskOf(1));

        Assert.Equal([new Change.Delete(Key(1))], Batch().Changes);
    }

    [Fact]
    public void The_copy_that_another_node_left_is_removed_though_nothing_was_copied_here()
    {
        _plan.Brought(TaskOf(1));
        _plan.Settled(TaskOf(1));

        Assert.Equal([new Change.Delete(Key(1))], Batch().Changes);
    }

    [Fact]
    public void The_copy_of_what_was_revoked_is_left_to_whoever_has_the_task_now()
    {
        Next(Held(1));
        _nowMs += InlinePlan.CopyAfterMs;
        Next(Held(1));

        _revoked.Add(TaskOf(1));
        Next();
        _plan.Settled(TaskOf(1));

        Assert.Empty(Batch().Changes);
    }

    [Fact]
    public void What_the_store_may_have_lost_is_copied_and_removed_again()
    {
        Next(Held(1), Held(2));
        _nowMs += InlinePlan.CopyAfterMs;
        Next(Held(1));
        _plan.Settled(TaskOf(1));

        var lost = Batch(Held(2));
        _plan.Lost(lost);

        Assert.Equal([Key(1), Key(2)], lost.Changes.Select(change => change.Key));
        Assert.Equal([Key(1), Key(2)], Batch(Held(2)).Changes.Select(change => change.Key));
    }

    [Fact]
    public void All_nodes_of_a_cluster_together_stay_within_its_budget_and_every_task_has_its_turn()
    {
        const int Nodes = 20;
        const int Seconds = 100;
        var copied = new Dictionary<string, int>();
        var transactions = 0;
        for (var fromMs = _nowMs; _nowMs < fromMs + (Seconds * 1_000); _nowMs += InlinePlan.PauseMs(Nodes))
        {
            var batch = _plan.Next(Enumerable.Range(0, 500).Select(task => Held(task, iteration: (int)(_nowMs / 100))), _ => true, Nodes, isLeaving: false, _nowMs);
            InlinePlan.Committed(batch, _nowMs);
            foreach (var change in batch.Changes) copied[change.Key] = copied.GetValueOrDefault(change.Key) + 1;
            if (batch.Changes.Count > 0) transactions++;
        }

        Assert.InRange(transactions * Nodes, 1, Seconds * InlinePlan.ClusterTransactions);
        Assert.InRange(copied.Values.Sum() * Nodes, Seconds * InlinePlan.ClusterKeys / 2, (Seconds + 3) * InlinePlan.ClusterKeys);
        Assert.Equal(500, copied.Count);
        Assert.InRange(copied.Values.Max() - copied.Values.Min(), 0, 1);
    }

    [Fact]
    public void A_node_that_leaves_copies_everything_at_once()
    {
        var leaving = _plan.Next(Enumerable.Range(0, 100).Select(task => Held(task)), _ => true, nodes: 1_000, isLeaving: true, _nowMs);

        Assert.Equal(100, leaving.Changes.Count);
    }

    private IReadOnlyList<string> Next(params HeldSnapshot[] held)
    {
        var batch = Batch(held);
        InlinePlan.Committed(batch, _nowMs);
        return [.. batch.Changes.Select(change => change.Key)];
    }

    private InlineBatch Batch(params HeldSnapshot[] held) => _plan.Next(held, task => !_revoked.Contains(task), nodes: 1, isLeaving: false, _nowMs);

    private string Key(int task) => _keys.Checkpoint(TaskOf(task));

    private static TaskId TaskOf(int task) => TaskId.Create(1_000, (ulong)task, new LedgerId(9));

    private static Attempt Attempt(int task) => new(TaskOf(task), new Epoch(1, 1, task + 1));

    private static HeldSnapshot Held(int task, int iteration = 1) => new(Attempt(task), TestCheckpoints.Snapshot(iteration, "artifact"), "model");
}
