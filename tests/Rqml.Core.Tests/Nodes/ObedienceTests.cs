using Rqml.Cluster;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>Whom a node obeys after the store, or its own disk, has gone back.</summary>
public sealed class ObedienceTests
{
    [Fact]
    public void What_a_term_of_a_higher_generation_finds_at_a_node_is_of_a_start_that_is_over()
    {
        var node = new NodeBench(lanes: 2).Welcome();
        var keyed = node.Assign(key: "k");
        var free = node.Assign();
        var before = node.Machine.Self.Incarnation;

        node.Hear(new Message(MessageKind.Welcome, NodeBench.Scheduler, Epoch: new Epoch(2, 1, 0)));

        Assert.NotEqual(before, node.Machine.Self.Incarnation);
        Assert.Equal([keyed.Attempt.Task], node.AskedToYield);      // until the new leader agrees; work without a key just goes on
        Assert.Contains(free.Attempt.Task, node.Machine.Running.Select(attempt => attempt.Attempt.Task));
    }

    [Fact]
    public void A_node_back_with_an_older_disk_obeys_the_leader_that_it_finds_and_shows_it_what_it_holds()
    {
        var node = new NodeBench();
        var spec = new TaskSpec { Id = NodeBench.NextId(), Class = new ClassKey("work", 1), Payload = default };
        var old = new NodeAttempt(new Attempt(spec.Id, new Epoch(1, 1, 3)), spec, NodeBench.Ledger);
        node.Machine.Restore(new Term(1, 1), [old], [], endedInOrder: true);

        node.Hear(new Message(MessageKind.Welcome, NodeBench.Scheduler, Epoch: new Epoch(1, 9, 0)));
        node.Pass(10);

        Assert.Equal(new Term(1, 9), node.LastReport.Term);
        Assert.Equal([old.Attempt], node.LastReport.Held.Select(held => held.Attempt));
        node.Hear(new Message(MessageKind.Revoke, NodeBench.Scheduler, spec.Id, old.Attempt.Epoch));      // it has gone elsewhere meanwhile
        Assert.Equal([spec.Id], node.Dropped);
    }
}
