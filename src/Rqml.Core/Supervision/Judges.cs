using System.Collections.Concurrent;
using Rqml.Models;
using Rqml.Refinement;

namespace Rqml.Supervision;

/// <summary>The ensemble validator of a node: combines the verdicts of a class's validators, and measures each by what the others say together. Thread-safe; of two verdicts at once
/// one may go unmeasured, which is no harm.</summary>
internal sealed class Judges
{
    private const int LongestRefusal = 1_000;

    /// <summary>Verdicts that what is expected of a judge counts as, beside those that were measured.</summary>
    private const double ExpectationWeighs = 20;

    private readonly ConcurrentDictionary<(ClassKey Class, string Validator), JudgeReliability> _measured = new();

    /// <summary>The verdicts as one. Where all abstain nobody has vouched for the artifact, and it is refused.</summary>
    public JointVerdict Combine(TaskClassDefinition @class, IReadOnlyList<Validation> verdicts)
    {
        var judges = @class.Policy.Validators;
        var votes = new JudgeVote[verdicts.Count];
        for (var index = 0; index < votes.Length; index++) votes[index] = new JudgeVote(Reliability(@class, judges[index]), verdicts[index].Judgement, verdicts[index].Confidence);
        var joint = WeightedVerdict.Of(votes);
        for (var index = 0; index < votes.Length; index++) Measure(@class, votes, index);
        var spoke = verdicts.Count(verdict => verdict.Judgement != Judgement.Abstain);
        var objection = spoke > 0 ? Judgement.Reject : Judgement.Abstain;
        var reasons = verdicts.Where(verdict => verdict.Judgement == objection && verdict.Reason is not null).Select(verdict => verdict.Reason);
        var opinions = verdicts.Select((verdict, index) => new Opinion(judges[index].Name, verdict.Judgement) { Confidence = verdict.Confidence, Reason = Opinion.Cut(verdict.Reason) });
        return new JointVerdict(joint.IsAccepted, joint.IsAccepted ? null : Cut(string.Join("; ", reasons)), spoke < 2 ? double.NaN : joint.Disagreement, [.. opinions], verdicts.Sum(verdict => verdict.Cost));
    }

    /// <summary>Nobody's own word counts for him.</summary>
    private void Measure(TaskClassDefinition @class, JudgeVote[] votes, int index)
    {
        var vote = votes[index];
        if (vote.Judgement == Judgement.Abstain || vote.Judge.HasVeto) return;
        var others = WeightedVerdict.Of([.. votes.Where((_, other) => other != index)]).Sum;
        if (others == 0) return;
        _measured[(@class.Key, vote.Judge.Name)] = others > 0 == (vote.Judgement == Judgement.Accept) ? vote.Judge.Right() : vote.Judge.Wrong();
    }

    private JudgeReliability Reliability(TaskClassDefinition @class, ValidatorDescriptor judge) =>
        _measured.TryGetValue((@class.Key, judge.Name), out var measured) ? measured : new JudgeReliability(judge.Name, judge.Reliability, ExpectationWeighs);

    private static string? Cut(string refusals) => refusals.Length == 0 ? null : refusals.Length <= LongestRefusal ? refusals : $"{refusals[..LongestRefusal]}…";
}

/// <summary>What several validators say together.</summary>
/// <param name="IsAccepted">Whether the artifact is acceptable.</param>
/// <param name="Refusal">Why those who refuse do, or why nobody could judge; null where it is accepted or nobody said.</param>
/// <param name="Disagreement">How much they contradict one another, from 0 to 1; NaN where fewer than two said something.</param>
/// <param name="Opinions">What each said.</param>
/// <param name="Cost">What it cost to ask them.</param>
internal readonly record struct JointVerdict(bool IsAccepted, string? Refusal, double Disagreement, IReadOnlyList<Opinion> Opinions, double Cost = 0);
