namespace Rqml.Supervision.Events;

/// <summary>Something is not what it claims to be. It was refused already; why it was there is for somebody to find out.</summary>
public sealed record SecurityFlag() : RqmlEvent(EventKinds.SecurityFlag)
{
    /// <summary>What was seen.</summary>
    public required SecurityConcern Concern { get; init; }

    /// <summary>What it was seen at: a peer, a store, a key; never a content.</summary>
    public required string Subject { get; init; }
}

/// <summary>What may raise a <see cref="SecurityFlag"/>.</summary>
public enum SecurityConcern
{
    /// <summary>A checkpoint that does not match its hash, or does not follow from the one before.</summary>
    DamagedCheckpoint = 0,

    /// <summary>An entry of the coordination store that holds nothing readable.</summary>
    DamagedEntry = 1,

    /// <summary>A second ballot of the same voter in one vote.</summary>
    BallotTwice = 2,

    /// <summary>A ballot of a node that was not asked to vote.</summary>
    UnaskedBallot = 3,
}
