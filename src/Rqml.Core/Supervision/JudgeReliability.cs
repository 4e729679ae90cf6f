namespace Rqml.Supervision;

/// <summary>How often a judge, a validator or a voter, has been right: a Beta posterior over its verdicts that turned out. A pure value.</summary>
/// <remarks>
/// The mean is (m s + right) / (s + right + wrong) for a prior of mean m and strength s (Gelman and others, "Bayesian Data Analysis", 2013, 2.4). A verdict
/// weighs log(p / (1 − p)), which gives the group the fewest errors where judges err independently and either answer is as likely beforehand (Nitzan and
/// Paroush, "Optimal decision rules in uncertain dichotomous choice situations", 1982). A judge of one half weighs nothing; one that is mostly wrong
/// weighs against its own word.
/// </remarks>
internal sealed record JudgeReliability
{
    /// <summary>A hundredth from never and always: a short run of luck makes nobody infallible.</summary>
    public const double Least = 0.01;

    private readonly double _declared;
    private readonly double _strength;

    /// <param name="name">Of the judge.</param>
    /// <param name="declared">What it is taken for before anything is known, from 0 to 1. At 1 its rejections decide.</param>
    /// <param name="strength">How many verdicts that is worth; above zero.</param>
    public JudgeReliability(string name, double declared, double strength)
    {
        if (!(declared is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(declared), declared, "A reliability is from 0 to 1.");
        if (!(strength > 0 && double.IsFinite(strength))) throw new ArgumentOutOfRangeException(nameof(strength), strength, "The strength of a prior is above zero and finite.");
        (Name, _declared, _strength) = (name, declared, strength);
    }

    public string Name { get; }

    private int TurnedOutRight { get; init; }

    private int TurnedOutWrong { get; init; }

    /// <summary>It was declared as never wrong, and stays so whatever is measured: who declares a judge so wants it obeyed.</summary>
    public bool HasVeto => _declared >= 1;

    /// <summary>The posterior mean, in [0, 1].</summary>
    public double Mean => ((_declared * _strength) + TurnedOutRight) / (_strength + TurnedOutRight + TurnedOutWrong);

    /// <summary>The log-odds of being right: from −log 99 to log 99.</summary>
    public double Weight
    {
        get
        {
            var mean = Math.Clamp(Mean, Least, 1 - Least);
            return Math.Log(mean / (1 - mean));
        }
    }

    /// <summary>With a verdict that turned out right.</summary>
    public JudgeReliability Right() => this with { TurnedOutRight = TurnedOutRight + 1 };

    /// <summary>With a verdict that turned out wrong.</summary>
    public JudgeReliability Wrong() => this with { TurnedOutWrong = TurnedOutWrong + 1 };
}
