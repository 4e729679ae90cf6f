using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches what becomes of drains, by what nodes report and what operators are answered. Property (l): a node that says that it takes nothing new takes nothing new; it is empty when its
/// drain is done; nobody is told of a call-off that nobody asked for; and every wish is answered for good.
/// </summary>
internal sealed class DrainJudge(Judge judge)
{
    private readonly Dictionary<int, Saying> _sayings = [];
    private readonly HashSet<NodeId> _resumed = [];

    /// <summary>Starts of nodes that obeyed an operator.</summary>
    public int Begun { get; private set; }

    /// <summary>Drains whose operator was told that the node is empty.</summary>
    public int Completed { get; private set; }

    /// <summary>Of those, how many were obeyed in one term and answered in a later one.</summary>
    public int CompletedByAnotherLeader { get; private set; }

    /// <summary>Drains whose node ended meanwhile.</summary>
    public int Gone { get; private set; }

    /// <summary>Drains that an operator called off, while another one waited for them.</summary>
    public int CalledOff { get; private set; }

    /// <summary>A process says whether it takes anything new, and what it holds.</summary>
    public void Said(SimulatedProcess process, NodeId node, NodeReport report)
    {
        if (!_sayings.TryGetValue(process.Number, out var saying)) _sayings.Add(process.Number, saying = new Saying(node));
        saying.IsLeaving = report.Leaving;
        if (!report.Draining)
        {
            saying.Held = null;
            return;
        }

        var held = report.Held.Select(entry => entry.Attempt.Task).ToHashSet();
        if (saying.Held is not { } before)
        {
            saying.Times++;
            saying.Term = report.Term;
            if (!report.Leaving) Begun++;
        }
        else if (held.FirstOrDefault(task => !before.Contains(task)) is { } taken && taken != default)
        {
            judge.Violated('l', $"{node} reports {taken}, which it did not hold when it last said that it takes nothing new");
        }

        saying.Held = held;
    }

    /// <summary>A process is about to write an attempt down.</summary>
    public void Takes(SimulatedProcess process, Attempt attempt)
    {
        if (_sayings.TryGetValue(process.Number, out var saying) && saying.Held is { } held && !held.Contains(attempt.Task)) judge.Violated('l', $"{saying.Node} took {attempt}, and had said that it takes nothing new");
    }

    /// <summary>An operator asks that the node take work again.</summary>
    public void Resuming(NodeId node) => _resumed.Add(node);

    /// <summary>An operator who waited for a drain was answered.</summary>
    /// <param name="node">Which was to be drained.</param>
    /// <param name="process">That runs there now.</param>
    /// <param name="answer">What the operator was told.</param>
    public void Answered(NodeId node, SimulatedProcess process, AdministrationAnswer answer)
    {
        switch (answer.Verdict)
        {
            case AdministrationVerdict.Done:
                Completed++;
                CheckEmpty(node, process, answer);
                break;
            case AdministrationVerdict.NodeGone:
                Gone++;
                break;
            case AdministrationVerdict.CalledOff when !_resumed.Contains(node):
                judge.Violated('l', $"the drain of {node} was called off, and nobody had asked for that");
                break;
            case AdministrationVerdict.CalledOff:
                CalledOff++;
                break;
            case not AdministrationVerdict.UnknownNode:
                judge.Violated('l', $"whoever drains {node} was answered {answer.Verdict}");
                break;
        }
    }

    /// <summary>All is long healed, and whatever was drained was resumed.</summary>
    public void Ended(SimulatedProcess process)
    {
        if (_sayings.TryGetValue(process.Number, out var saying) && saying is { Held: not null, IsLeaving: false }) judge.Violated('l', $"{saying.Node} still takes nothing new, though its operator was told that it does");
    }

    /// <summary>Only where that start has drained ever since: one that was resumed in between, or has ended, may have been given something since the answer.</summary>
    private void CheckEmpty(NodeId node, SimulatedProcess process, AdministrationAnswer answer)
    {
        if (!_sayings.TryGetValue(process.Number, out var saying) || !judge.IsStartOf(process, answer.Start)) return;
        if (answer.Term > saying.Term) CompletedByAnotherLeader++;
        if (saying is not { Held: not null, Times: 1 }) return;
        foreach (var left in judge.Assignments.LeftWith(node.Value)) judge.Violated('l', $"the drain of {node} was done, while {left} was there");
    }

    /// <summary>What a process said of itself last.</summary>
    private sealed class Saying(NodeId node)
    {
        public NodeId Node { get; } = node;

        /// <summary>What it held when it last said that it takes nothing new; null where it takes work.</summary>
        public HashSet<TaskId>? Held { get; set; }

        /// <summary>Whether it takes nothing new because it stops.</summary>
        public bool IsLeaving { get; set; }

        /// <summary>How often it has stopped taking work.</summary>
        public int Times { get; set; }

        /// <summary>The term in which it last did so.</summary>
        public Term Term { get; set; }
    }
}
