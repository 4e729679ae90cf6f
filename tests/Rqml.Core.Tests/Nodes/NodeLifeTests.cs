using Rqml.Core.Tests.Hosting;
using Rqml.Diagnostics;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Nodes;

/// <summary>What an operator hears of a node from the node itself.</summary>
public sealed class NodeLifeTests : IDisposable
{
    private readonly NodeBench _node = new();
    private readonly KeptLogs _log = new();
    private readonly NodeLife _life;

    public NodeLifeTests() => _life = new NodeLife(_node.Machine, RqmlInstruments.OfProcess.Nodes, _log);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Joining_being_cut_off_hearing_again_and_draining_are_each_said_once()
    {
        _node.Welcome();
        Look();
        _node.Assign();
        Look();
        _node.Pass(7_000);
        Look();
        _node.Welcome();
        Look();
        _node.Drain();
        Look();

        Assert.Equal(
            [
                "Information 2206 Node node/0000000000000003 follows scheduler/0000000000000001 in term 1.1",
                "Warning 2207 Node node/0000000000000003 is cut off from its scheduler scheduler/0000000000000001, and goes on with the 1 attempts that it holds",
                "Information 2208 Node node/0000000000000003 hears its scheduler scheduler/0000000000000001 again",
                "Information 2209 Node node/0000000000000003 takes nothing new, and waits for 1 running iterations",
            ],
            _log.Lines);
    }

    [Fact]
    public void Another_term_is_said_and_so_is_another_start_of_itself()
    {
        _node.Welcome();
        Look();
        _node.Hear(new Message(MessageKind.Fenced, NodeBench.Scheduler, Number: 3));
        Look();
        _node.Hear(new Message(MessageKind.Welcome, NodeBench.Scheduler, Epoch: new Epoch(1, 2, 0)));
        Look();

        Assert.Equal(3, _log.Lines.Count);
        Assert.StartsWith("Warning 2211 Node node/0000000000000003 was fenced while nobody heard it, or its coordination store was restored; it goes on as ", _log.Lines.ElementAt(1), StringComparison.Ordinal);
        Assert.EndsWith("in term 1.2", _log.Lines.Last(), StringComparison.Ordinal);
    }

    /// <summary>As after each turn of the loop, of which most change nothing.</summary>
    private void Look()
    {
        for (var i = 0; i < 3; i++) _life.Look();
    }
}
