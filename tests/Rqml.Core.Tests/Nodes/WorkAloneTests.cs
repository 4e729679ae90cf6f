using Rqml.Cluster;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A node that hears of no leader gives itself tasks of the ledger in its own process.</summary>
public sealed class WorkAloneTests
{
    private const long AloneMs = 15_000;
    private static readonly LedgerId Ledger = new(7);
    private readonly TaskIdSource _ids = new(Ledger, 2);

    [Fact]
    public void A_node_that_has_heard_of_no_leader_for_long_asks_its_own_ledger_for_tasks()
    {
        var node = new NodeBench(own: new SelfAttempts(Ledger, 0), limit: 5);
        node.Welcome();
        node.Pass(AloneMs - 1_000);
        Assert.DoesNotContain(node.Effects, Asks);

        node.Pass(2_000);
        var asked = node.Effects.First(Asks).Request!;
        Assert.Equal(5, asked.Room);
        Assert.Contains(new ClassKey("work", 1), asked.Classes);
        Assert.Equal(NodePhase.Degraded, node.Machine.Phase);
    }

    [Fact]
    public void So_does_one_that_has_never_heard_of_any()
    {
        var node = new NodeBench(own: new SelfAttempts(Ledger, 0));
        node.Pass(1_000);
        Assert.Equal(NodePhase.Joining, node.Machine.Phase);
        node.Pass(AloneMs);
        Assert.Contains(node.Effects, Asks);
        Assert.Equal(NodePhase.Degraded, node.Machine.Phase);
    }

    [Fact]
    public void One_that_a_leader_hears_does_not_nor_one_without_a_ledger()
    {
        var (heard, without) = (new NodeBench(own: new SelfAttempts(Ledger, 0)).Welcome(), new NodeBench().Welcome());
        for (var second = 0; second < 60; second++)
        {
            heard.Pass(1_000);
            heard.Hear(new Message(MessageKind.Heard, NodeBench.Scheduler, Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 0)));
            without.Pass(1_000);
        }

        Assert.DoesNotContain(heard.Effects, Asks);
        Assert.DoesNotContain(without.Effects, Asks);
    }

    [Fact]
    public void One_whose_process_stood_still_first_waits_for_its_leader()
    {
        var node = new NodeBench(own: new SelfAttempts(Ledger, 0)).Welcome();
        node.Pass(1_000);
        node.NowMs += 60 * 60 * 1_000;
        node.Pass(2_000);
        Assert.DoesNotContain(node.Effects, Asks);
        Assert.Equal(NodePhase.Active, node.Machine.Phase);
    }

    [Fact]
    public void What_it_takes_has_an_epoch_of_its_own_that_is_durable_before_it_runs()
    {
        var node = Alone(count: 41);
        var task = Lent();
        node.Lend(task);

        var writes = node.Effects.SkipWhile(effect => effect.Kind != NodeEffectKind.WriteSelfAttempts).ToArray();
        Assert.Equal((NodeEffectKind.WriteSelfAttempts, 42L), (writes[0].Kind, writes[0].Count));
        Assert.Equal((NodeEffectKind.WriteAttempt, task.Spec.Id), (writes[1].Kind, writes[1].Stored!.Attempt.Task));
        var start = writes.First(effect => effect.Kind == NodeEffectKind.StartRun);
        Assert.True(start.OnceDurable);
        Assert.Equal(Epoch.OfSelf(NodeBench.Term, Ledger, 42), start.Attempt!.Attempt.Epoch);
    }

    [Fact]
    public void It_takes_no_more_than_it_has_room_for_nothing_twice_and_nothing_once_a_leader_is_back()
    {
        var node = Alone(limit: 3);
        var tasks = Enumerable.Range(0, 5).Select(_ => Lent()).ToArray();
        node.Lend(tasks);
        node.Lend(tasks);
        Assert.Equal(3, node.Machine.HeldCount);
        Assert.Equal(tasks.Take(3).Select(task => task.Spec.Id), node.Machine.Held);

        node.End(node.Started.Single(), RunEnding.Finished, result: new Settlement { Outcome = Outcome.Converged });
        node.Welcome();
        node.Lend(Lent());
        Assert.Equal(2, node.Machine.HeldCount);
    }

    [Fact]
    public void A_leader_that_is_back_hears_of_them_and_agrees_and_they_go_on_under_their_epoch()
    {
        var node = Alone();
        var task = Lent();
        node.Lend(task);
        node.Welcome();
        var held = node.LastReport.Held.Single();
        Assert.True(held.Attempt.Epoch.IsSelfAttempt);
        Assert.False(held.AwaitsAdoption);

        node.Hear(new Message(MessageKind.Assign, NodeBench.Scheduler, task.Spec.Id, held.Attempt.Epoch, Body: new Assignment(task.Spec, task.Ledger, node.Machine.Self.Incarnation, long.MaxValue, false) { Term = NodeBench.Term, Adopted = true }));
        Assert.Single(node.Started);
        Assert.Equal(held.Attempt, node.Machine.Attempts.Single().Attempt);
        Assert.Empty(node.Refused);
    }

    [Fact]
    public void An_attempt_that_a_leader_gives_out_supersedes_one_of_its_own()
    {
        var node = Alone();
        var task = Lent();
        node.Lend(task);
        node.Hear(new Message(MessageKind.Assign, NodeBench.Scheduler, task.Spec.Id, new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 1), Body: new Assignment(task.Spec, task.Ledger, node.Machine.Self.Incarnation, long.MaxValue, false) { Term = NodeBench.Term }));

        Assert.Equal(1, node.Machine.Attempts.Single().Attempt.Epoch.Number);
    }

    [Fact]
    public void Revoked_or_settled_elsewhere_it_is_dropped_and_counted()
    {
        var node = Alone();
        var (revoked, settled) = (Lent(), Lent());
        node.Lend(revoked, settled);
        node.Hear(new Message(MessageKind.Revoke, NodeBench.Scheduler, revoked.Spec.Id, new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 9)));
        node.Hear(new Message(MessageKind.Answered, settled.Ledger, settled.Spec.Id, default, (long)Verdict.AlreadySettled));
        Assert.Equal(0, node.Machine.HeldCount);
        Assert.Equal(2, node.Machine.Superseded);
    }

    [Fact]
    public void The_epochs_of_two_ledgers_of_two_starts_and_of_a_leader_are_all_different_and_in_order()
    {
        var term = new Term(2, 5);
        Epoch[] ascending =
        [
            new(2, 4, long.MaxValue),
            Epoch.OfSelf(term, new LedgerId(0), 1), Epoch.OfSelf(term, new LedgerId(7), 1), Epoch.OfSelf(term, new LedgerId(7), 2), Epoch.OfSelf(term, new LedgerId(uint.MaxValue), Epoch.MaxSelfAttempts),
            new(2, 5, 1), new(2, 6, 1),
        ];
        Assert.Equal(ascending, ascending.Reverse().Order());
        Assert.Equal(ascending.Length, ascending.Distinct().Count());
        Assert.Equal([false, true, true, true, true, false, false], ascending.Select(epoch => epoch.IsSelfAttempt));
        Assert.Equal("2.5.ffffffff-2147483647", ascending[4].ToString());
        Assert.All(ascending, epoch => Assert.Equal(epoch, Rqml.Protocol.Records.Read(Rqml.Protocol.Records.Write(epoch))));
    }

    private static NodeBench Alone(long count = 0, int limit = 100)
    {
        var node = new NodeBench(own: new SelfAttempts(Ledger, count), limit: limit).Welcome();
        node.Pass(AloneMs + 2_000);
        Assert.True(node.Machine.IsAlone);
        return node;
    }

    private LentTask Lent() => new(new TaskSpec { Id = _ids.Next(1_000), Class = new ClassKey("work", 1), Payload = default }, NodeBench.Ledger, long.MaxValue, false);

    private static bool Asks(NodeEffect effect) => effect.Kind == NodeEffectKind.AskLedger;
}
