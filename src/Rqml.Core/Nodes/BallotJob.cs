using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Nodes;

/// <summary>One voter's part in a vote, at its node.</summary>
internal sealed class BallotJob(Attempt attempt, int number, BallotCall call, Peer asker, long dueMs)
{
    /// <summary>The attempt that waits for the vote; it may run on another node.</summary>
    public Attempt Attempt { get; } = attempt;

    /// <summary>Number of the vote in its task.</summary>
    public int Number { get; } = number;

    public BallotCall Call { get; private set; } = call;

    /// <summary>What it holds in memory.</summary>
    public long Bytes => Call.Artifact.Length + Call.Spec.Payload.Length;

    /// <summary>Who counts: the last one that asked.</summary>
    public Peer Asker { get; set; } = asker;

    /// <summary>When nobody waits for it any more.</summary>
    public long DueMs { get; } = dueMs;

    /// <summary>Whether it has been put in line.</summary>
    public bool IsTaken { get; set; }

    /// <summary>Whose lane it holds; null while it has none.</summary>
    public LaneGroup? Lane { get; set; }

    /// <summary>What the voter said; null before.</summary>
    public Ballot? Ballot { get; private set; }

    /// <summary>The voter has spoken: what it spoke about is needed no longer, only whom and what to tell.</summary>
    public void Cast(Ballot ballot)
    {
        Ballot = ballot;
        Call = Call with { Artifact = default, Spec = Call.Spec with { Payload = default } };
    }
}
