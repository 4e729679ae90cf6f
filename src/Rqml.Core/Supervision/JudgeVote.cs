namespace Rqml.Supervision;

/// <summary>What one judge says of an artifact.</summary>
internal readonly record struct JudgeVote
{
    /// <param name="judge">Who says it.</param>
    /// <param name="judgement">What it says.</param>
    /// <param name="confidence">How sure it is, from 0 to 1; at 0 it says nothing.</param>
    public JudgeVote(JudgeReliability judge, Judgement judgement, double confidence = 1)
    {
        if (!(confidence is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "A confidence is from 0 to 1.");
        (Judge, Judgement, Confidence) = (judge, judgement, confidence);
    }

    public JudgeReliability Judge { get; }

    public Judgement Judgement { get; }

    public double Confidence { get; }

    /// <summary>Above zero what speaks for the artifact, below zero what speaks against it.</summary>
    public double Weight => Judgement switch
    {
        Judgement.Accept => Judge.Weight * Confidence,
        Judgement.Reject => -Judge.Weight * Confidence,
        _ => 0,
    };

    public bool IsVeto => Judgement == Judgement.Reject && Confidence > 0 && Judge.HasVeto;
}
