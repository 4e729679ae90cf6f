using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation;

/// <summary>A node with one rule broken.</summary>
internal sealed class MutantNode(NodeMachine node, Mutant mutant) : IMachine<NodeEvent, NodeEffect>
{
    private readonly EffectBuffer<NodeEffect> _made = new();
    private readonly EffectBuffer<NodeEffect> _more = new();
    private readonly Dictionary<TaskId, Message> _results = [];
    private bool _hasTicked;
    private bool _pretends;      // to take nothing new

    public long NextDueMs => node.NextDueMs;

    public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var bent = @event;
        if (mutant == Mutant.AssignWithoutIncarnation && @event.Kind == NodeEventKind.Message && @event.Message.Body is Assignment assignment)
        {
            bent = NodeEvent.Of(@event.Message with { Body = assignment with { To = node.Self.Incarnation } });
        }

        if (mutant == Mutant.DecisionUnrecorded && @event is { Kind: NodeEventKind.RunEnded, Body: Settlement { Story.Steps.Count: > 1 } settlement })
        {
            bent = NodeEvent.RunEnded(@event.Attempt!, @event.Run, @event.Ending, @event.Snapshot, settlement with { Story = new Supervision.Story([.. settlement.Story.Steps.Skip(1)], settlement.Story.Omitted) }, @event.Number);
        }

        if (mutant == Mutant.HighestTermVolatile && @event is { Kind: NodeEventKind.Message, Message.Kind: MessageKind.Welcome } && TermOf(@event.Message) < node.Term) node.Restore(Term.None, [], [], endedInOrder: true);
        if (mutant == Mutant.JoinWithoutTerm && @event.Kind == NodeEventKind.Leader) bent = NodeEvent.Led(@event.Leader, Term.None);
        node.Step(bent, nowMs, _made);
        if (mutant == Mutant.ResultOfAnotherVoteTaken) TakeEarlierResult(bent, nowMs);
        if (mutant == Mutant.DrainingNodeTakes && @event.Kind == NodeEventKind.Message) Pretend(@event.Message, nowMs);
        PassOn(nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (!_hasTicked && mutant == Mutant.SuspectOnlyIfReported) ForgetDeath();
        node.Tick(nowMs, _made);
        if (!_hasTicked && mutant == Mutant.NodeDeathIsStrike) StrikeRestored();
        _hasTicked = true;
        PassOn(nowMs, effects);
    }

    private static Term TermOf(in Message message) => new(message.Epoch.Generation, message.Epoch.Term);

    private void StrikeRestored()
    {
        foreach (var effect in _made.Effects.ToArray())
        {
            if (effect is not { Kind: NodeEffectKind.WriteAttempt, Stored: { } stored }) continue;
            _made.Add(NodeEffect.Send(stored.Ledger, new Message(MessageKind.Strike, node.Self, stored.Attempt.Task, stored.Attempt.Epoch, (long)node.Self.Incarnation.Value)));
        }
    }

    /// <summary>What the last death added to the suspicion of what was found on the disk is taken back: whether anything is suspect is the leader's word.</summary>
    private void ForgetDeath()
    {
        foreach (var attempt in node.Attempts) attempt.Suspicion = attempt.Suspicion is { Deaths: > 1 } known ? known with { Deaths = known.Deaths - 1 } : Suspicion.None;
    }

    /// <summary>A node that has obeyed an operator's drain goes on as if it had not, and reports that it has.</summary>
    private void Pretend(in Message message, long nowMs)
    {
        if (message.Kind == MessageKind.Resume) _pretends = false;
        if (message.Kind != MessageKind.Drain || node.Phase != NodePhase.Draining) return;
        _pretends = true;
        node.Step(NodeEvent.Of(message with { Kind = MessageKind.Resume }), nowMs, _more);
        _more.Clear();
    }

    /// <summary>A result that has come is told again when the task waits for the next vote.</summary>
    private void TakeEarlierResult(in NodeEvent @event, long nowMs)
    {
        if (@event is { Kind: NodeEventKind.Message, Message.Kind: MessageKind.VoteClosed }) _results[@event.Message.Task] = @event.Message;
        if (@event is not { Kind: NodeEventKind.RunEnded, Ending: RunEnding.AwaitingVote } || !_results.TryGetValue(@event.Attempt!.Attempt.Task, out var earlier)) return;
        var number = @event.Attempt.Resume.Vote;
        if (earlier.Number != number) node.Step(NodeEvent.Of(earlier with { Epoch = @event.Attempt.Attempt.Epoch, Number = number, Body = ((VoteResult)earlier.Body!) with { Number = number } }), nowMs, _made);
    }

    /// <summary>A task that goes on does so state something else than it had come to.</summary>
    private void Bend(NodeAttempt attempt)
    {
        var (state, isResumed) = (attempt.Resume, attempt.Run == 1 && attempt.Resume.Passes > 0);
        attempt.Resume = mutant switch
        {
            Mutant.ModelSwitchedUndecided when state.Iteration > 0 => state with { Model = state.Model + 1 },
            Mutant.BestArtifactOverwritten => state with { Best = state.Artifact, BestScore = state.Score },
            Mutant.RungForgotten when isResumed => state with { Rung = 0 },
            Mutant.PendingVoteForgotten when isResumed => state with { Vote = 0 },
            Mutant.BudgetNotChargedAfterHandOver when isResumed => state with { Passes = 0, Cost = 0 },
            _ => state,
        };
    }

    private void PassOn(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var effect in _made.Effects.ToArray())
        {
            if (effect.Kind == NodeEffectKind.WriteSelfAttempts && mutant == Mutant.SelfAttemptEpochRepeats) continue;
            if (effect.Message.Kind == MessageKind.StillOpen && mutant == Mutant.GoesOnUnasked && node.Find(effect.Message.Task) is { State: AttemptState.Waiting or AttemptState.Running }) continue;
            if (effect.Kind == NodeEffectKind.StartRun) Bend(effect.Attempt!);
            if (_pretends && effect.Message.Body is NodeReport report)
            {
                effects.Add(NodeEffect.SendOnceDurable(effect.To!, effect.Message with { Body = report with { Draining = true } }));
                continue;
            }

            effects.Add(mutant == Mutant.SuspicionVolatile && effect.Stored is { } stored ? NodeEffect.WriteAttempt(stored with { Suspicion = Suspicion.None, Alone = null }) : effect);
            if (effect.Kind != NodeEffectKind.Send) continue;
            switch (effect.Message.Kind)
            {
                case MessageKind.Result when mutant == Mutant.DropOnSend:
                    node.Step(NodeEvent.Of(new Message(MessageKind.Answered, effect.To!, effect.Message.Task, effect.Message.Epoch, (long)Verdict.Settled)), nowMs, _more);
                    break;
                case MessageKind.Strike when mutant == Mutant.RerunBeforeStrikeDurable:
                    node.Step(NodeEvent.Of(new Message(MessageKind.StrikeCounted, effect.To!, effect.Message.Task, effect.Message.Epoch, effect.Message.Number)), nowMs, _more);
                    break;
            }
        }

        _made.Clear();
        foreach (var effect in _more.Effects) effects.Add(effect);
        _more.Clear();
    }
}
