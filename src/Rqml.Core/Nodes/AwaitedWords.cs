using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Supervision.Votes;

namespace Rqml.Nodes;

/// <summary>
/// What attempts cannot go on without: that a ledger has counted a death, that a leader adopts them, how a vote ended; and whether those that do go on are settled elsewhere. Decides who is asked
/// for it and when again. Apart from the machine, which says only what is awaited, and takes the word when it comes.
/// </summary>
internal sealed class AwaitedWords
{
    private const long RetryMs = 1_000;

    /// <summary>When somebody is to be asked again; <see cref="long.MaxValue"/> where nothing is awaited.</summary>
    public long NextDueMs { get; private set; } = long.MaxValue;

    /// <summary>
    /// Whoever would have said that a task is settled may be gone, or took this node for gone, and no scheduler knows an attempt whose task was settled before it led. So the ledger is asked, until
    /// a leader has confirmed the attempt, which goes on meanwhile.
    /// </summary>
    public void Doubt(NodeAttempt attempt, long nowMs)
    {
        attempt.IsInDoubt = true;
        NextDueMs = Math.Min(NextDueMs, nowMs);
    }

    /// <summary>Found on the disk, of a class that does not run here: its ledger may have settled it.</summary>
    public void AwaitServing(NodeAttempt attempt)
    {
        attempt.State = AttemptState.Unserved;
        NextDueMs = 0;
    }

    /// <summary>It runs when a leader has agreed that this node has it.</summary>
    public void AwaitAdoption(NodeAttempt attempt, long retryMs)
    {
        attempt.State = AttemptState.AwaitingAdoption;
        attempt.IsFenced = false;
        NextDueMs = Math.Min(NextDueMs, retryMs);
    }

    /// <summary>It ran alone when that start of the node died.</summary>
    public void AwaitStrike(NodeAttempt attempt, Incarnation died) => AwaitStrike(attempt, (long)died.Value, 0);

    /// <summary>Its worker has died.</summary>
    public void AwaitStrike(NodeAttempt attempt, Peer self, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        AwaitStrike(attempt, NameOfRun(attempt, self), nowMs + RetryMs);
        SendStrike(attempt, self, effects);
    }

    /// <summary>Whether that is the word on the death that it waits for. An earlier attempt's run may have had the same name: its late answer says nothing of this one's death.</summary>
    public static bool IsCounted(NodeAttempt attempt, in Message counted) =>
        attempt.Attempt.Epoch == counted.Epoch && attempt.State == AttemptState.AwaitingStrike && attempt.StrikeRun == counted.Number;

    public void AwaitVote(NodeAttempt attempt, VoteCall call, Peer self, Peer? leader, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        attempt.State = AttemptState.AwaitingVote;
        attempt.Vote = call;
        CallVote(attempt, self, leader, effects);
        NextDueMs = Math.Min(NextDueMs, nowMs + RetryMs);
    }

    /// <summary>Whether that is the end of the vote that it waits for.</summary>
    public static bool IsClosed(NodeAttempt attempt, in Message closed) =>
        attempt.Attempt.Epoch == closed.Epoch && attempt.State == AttemptState.AwaitingVote && attempt.Resume.Vote == closed.Number;

    /// <summary>Whatever waits for a ledger's word, or is in doubt, asks again: nobody would adopt, or revoke, an attempt whose task was settled while the node was down.</summary>
    public void Ask(IEnumerable<NodeAttempt> attempts, Peer self, Peer? leader, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        NextDueMs = long.MaxValue;
        foreach (var attempt in attempts)
        {
            if (attempt.State is not (AttemptState.AwaitingStrike or AttemptState.AwaitingAdoption or AttemptState.AwaitingVote or AttemptState.Unserved) && !attempt.IsInDoubt) continue;
            if (attempt.State == AttemptState.AwaitingVote) CallVote(attempt, self, leader, effects);      // no scheduler holds a vote for a task that is settled
            if (attempt.State == AttemptState.AwaitingStrike) SendStrike(attempt, self, effects);
            else effects.Add(NodeEffect.Send(attempt.Ledger, new Message(MessageKind.StillOpen, self, attempt.Attempt.Task, attempt.Attempt.Epoch)));
            NextDueMs = nowMs + RetryMs;
        }
    }

    /// <summary>The next run waits until the ledger has counted the death durably: else a poisonous task would run without end.</summary>
    private void AwaitStrike(NodeAttempt attempt, long run, long retryMs)
    {
        attempt.State = AttemptState.AwaitingStrike;
        attempt.StrikeRun = run;
        NextDueMs = Math.Min(NextDueMs, retryMs);
    }

    /// <summary>Runs are counted anew after a restart, so a run's name is taken from the start of the node too: else the ledger would take a later death for one that it has.</summary>
    private static long NameOfRun(NodeAttempt attempt, Peer self) => unchecked((long)self.Incarnation.Value + attempt.Run);

    private static void SendStrike(NodeAttempt attempt, Peer self, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(attempt.Ledger, new Message(MessageKind.Strike, self, attempt.Attempt.Task, attempt.Attempt.Epoch, attempt.StrikeRun)));

    /// <summary>Whoever leads counts: cut off, the task waits as it is, and its ledger settles it at its deadline.</summary>
    private static void CallVote(NodeAttempt attempt, Peer self, Peer? leader, EffectBuffer<NodeEffect> effects)
    {
        if (leader is null) return;
        effects.Add(NodeEffect.Send(leader, new Message(MessageKind.CallVote, self, attempt.Attempt.Task, attempt.Attempt.Epoch, attempt.Resume.Vote, attempt.Vote)));
    }
}
