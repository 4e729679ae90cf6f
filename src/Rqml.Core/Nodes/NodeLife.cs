using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>Tells an operator of the stations of a node's life, by what its machine looks like after each turn of the loop. Where nothing has changed it is three looks at fields.</summary>
internal sealed partial class NodeLife(NodeMachine machine, NodeInstruments instruments, ILogger logger)
{
    private NodePhase _phase = machine.Phase;
    private Term _term = machine.Term;
    private Peer _self = machine.Self;
    private bool _isAlone;
    private long _ownBefore;      // attempts that it had given itself when it began to work alone

    public void Look()
    {
        var (phase, term, self) = (machine.Phase, machine.Term, machine.Self);
        if (phase == _phase && term == _term && machine.IsAlone == _isAlone && ReferenceEquals(self, _self)) return;
        if (phase == NodePhase.Degraded && _phase != NodePhase.Degraded) instruments.Degraded();
        if (phase != NodePhase.Degraded && _phase == NodePhase.Degraded) instruments.Recovered();
        if (self.Incarnation != _self.Incarnation) Log.BeganAnew(logger, _self, self.Incarnation, machine.HeldCount);
        if (phase != _phase || term != _term) Tell(phase, term, self);
        if (machine.IsAlone != _isAlone) TellAlone(self);
        (_phase, _term, _self) = (phase, term, self);
    }

    /// <summary>The node is closed: whatever it was, it is no more.</summary>
    public void End()
    {
        if (_phase == NodePhase.Degraded) instruments.Recovered();
        _phase = NodePhase.Stopped;
    }

    private void TellAlone(Peer self)
    {
        _isAlone = machine.IsAlone;
        if (_isAlone)
        {
            _ownBefore = machine.Own!.Count;
            Log.WorksAlone(logger, self);
        }
        else
        {
            Log.WorksAloneNoLonger(logger, self, machine.Own!.Count - _ownBefore, machine.Attempts.Count(attempt => attempt.Attempt.Epoch.IsSelfAttempt));
        }
    }

    /// <summary>No lane is at work any more.</summary>
    public void Drained() => Log.Drained(logger, _self, machine.HeldCount, machine.OutboundCount);

    private void Tell(NodePhase phase, Term term, Peer self)
    {
        switch (phase)
        {
            case NodePhase.Active when _phase == NodePhase.Draining:
                Log.Resumed(logger, self);
                break;
            case NodePhase.Active when term != _term || _phase == NodePhase.Joining:
                Log.Joined(logger, self, machine.Leader!, term);
                break;
            case NodePhase.Active:
                Log.HeardAgain(logger, self, machine.Leader!);
                break;
            case NodePhase.Degraded when _phase != NodePhase.Degraded && machine.Leader is { } leader:
                Log.CutOff(logger, self, leader, machine.HeldCount);
                break;
            case NodePhase.Draining when _phase != NodePhase.Draining:
                Log.Draining(logger, self, machine.RunningCount);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.JoinedTerm, LogLevel.Information, "Node {Node} follows {Leader} in term {Term}")]
        public static partial void Joined(ILogger logger, Peer node, Peer leader, Term term);

        [LoggerMessage(LogIds.CutOff, LogLevel.Warning, "Node {Node} is cut off from its scheduler {Leader}, and goes on with the {Attempts} attempts that it holds")]
        public static partial void CutOff(ILogger logger, Peer node, Peer leader, int attempts);

        [LoggerMessage(LogIds.WorksAlone, LogLevel.Warning, "Node {Node} hears of no scheduler: it runs what it holds, and new tasks of its own ledger; those with a partition key wait")]
        public static partial void WorksAlone(ILogger logger, Peer node);

        [LoggerMessage(LogIds.WorksAloneNoLonger, LogLevel.Information, "Node {Node} works alone no longer; it gave itself {Attempts} attempts meanwhile, and {Unfinished} of its own are unfinished")]
        public static partial void WorksAloneNoLonger(ILogger logger, Peer node, long attempts, int unfinished);

        [LoggerMessage(LogIds.LeaderHeardAgain, LogLevel.Information, "Node {Node} hears its scheduler {Leader} again")]
        public static partial void HeardAgain(ILogger logger, Peer node, Peer leader);

        [LoggerMessage(LogIds.Draining, LogLevel.Information, "Node {Node} takes nothing new, and waits for {Running} running iterations")]
        public static partial void Draining(ILogger logger, Peer node, int running);

        [LoggerMessage(LogIds.Resumed, LogLevel.Information, "Node {Node} takes work again")]
        public static partial void Resumed(ILogger logger, Peer node);

        [LoggerMessage(LogIds.Drained, LogLevel.Information, "Node {Node} is drained; {Attempts} unfinished attempts and {Results} unanswered results stay with it")]
        public static partial void Drained(ILogger logger, Peer node, int attempts, int results);

        [LoggerMessage(LogIds.BeganAnew, LogLevel.Warning, "Node {Node} was fenced while nobody heard it, or its coordination store was restored; it goes on as {Incarnation}, with the {Attempts} attempts that it holds")]
        public static partial void BeganAnew(ILogger logger, Peer node, Incarnation incarnation, int attempts);
    }
}
