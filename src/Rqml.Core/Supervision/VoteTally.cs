namespace Rqml.Supervision;

/// <summary>How a vote ended.</summary>
/// <param name="Verdict">What it came to.</param>
/// <param name="Voters">Voters that were asked.</param>
/// <param name="Accepts">Ballots for the artifact.</param>
/// <param name="Rejects">Ballots against it.</param>
/// <param name="Weight">Sum of the weights of the ballots, those against it negative; each weighs 1 where the class does not weigh them.</param>
/// <param name="Cost">What the ballots cost together.</param>
public readonly record struct VoteTally(VoteVerdict Verdict, int Voters, int Accepts, int Rejects, double Weight, double Cost)
{
    /// <summary>Voters that abstained, or were not heard of before the deadline.</summary>
    public int Abstentions => Voters - Accepts - Rejects;
}

/// <summary>What a vote came to.</summary>
public enum VoteVerdict
{
    /// <summary>Neither side reached the quorum.</summary>
    NoQuorum = 0,

    /// <summary>The artifact is acceptable.</summary>
    Accepted = 1,

    /// <summary>The artifact is not acceptable.</summary>
    Rejected = 2,
}
