namespace Rqml.Supervision;

/// <summary>What one judge says of an artifact.</summary>
internal readonly record struct JudgeVote
{
    /// <param name="judge">Who says it.</param>
    /// <param name="vote">What it says.</param>
    /// <param name="confidence">How sure it is, from 0 to 1; at 0 it says nothing.</param>
    public JudgeVote(JudgeReliability judge, Vote vote, double confidence = 1)
    {
        if (!(confidence is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence is from 0 to 1.");
        (Judge, Vote, Confidence) = (judge, vote, confidence);
    }

    public JudgeReliability Judge { get; }

    public Vote Vote { get; }

    public double Confidence { get; }

    /// <summary>Above zero what speaks for the artifact, below zero what speaks against it.</summary>
    public double Weight => Vote switch
    {
        Vote.Accept => Judge.Weight * Confidence,
        Vote.Reject => -Judge.Weight * Confidence,
        _ => 0,
    };

    public bool IsVeto => Vote == Vote.Reject && Confidence > 0 && Judge.HasVeto;
}

/// <summary>What a judge may say.</summary>
internal enum Vote
{
    /// <summary>Nothing: it threw, ran out of time or does not know.</summary>
    Abstain = 0,

    /// <summary>The artifact is acceptable.</summary>
    Accept = 1,

    /// <summary>The artifact is not acceptable.</summary>
    Reject = 2,
}
