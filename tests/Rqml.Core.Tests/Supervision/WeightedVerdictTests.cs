using FsCheck.Xunit;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Supervision;

public sealed class WeightedVerdictTests
{
    [Fact]
    public void One_good_judge_outweighs_two_poor_ones()
    {
        var verdict = WeightedVerdict.Of([Says(0.95, Judgement.Accept), Says(0.6, Judgement.Reject), Says(0.6, Judgement.Reject)]);
        Assert.True(verdict.IsAccepted);
        Assert.Equal(Math.Log(19) - (2 * Math.Log(1.5)), verdict.Sum, precision: 12);
    }

    [Fact]
    public void A_tie_and_silence_are_not_accepted()
    {
        Assert.False(WeightedVerdict.Of([]).IsAccepted);
        Assert.False(WeightedVerdict.Of([Says(0.9, Judgement.Abstain), Says(0.9, Judgement.Accept, confidence: 0)]).IsAccepted);
        Assert.False(WeightedVerdict.Of([Says(0.7, Judgement.Accept), Says(0.7, Judgement.Reject)]).IsAccepted);
    }

    [Fact]
    public void The_rejection_of_a_judge_with_a_veto_decides_and_its_acceptance_only_weighs()
    {
        var others = Enumerable.Range(0, 9).Select(_ => Says(0.99, Judgement.Accept)).ToArray();
        var vetoed = WeightedVerdict.Of([.. others, Says(1, Judgement.Reject, confidence: 0.01)]);
        Assert.Equal((false, "of 1"), (vetoed.IsAccepted, vetoed.VetoedBy));
        Assert.True(WeightedVerdict.Of([.. others, Says(1, Judgement.Abstain)]).IsAccepted);
        Assert.False(WeightedVerdict.Of([Says(1, Judgement.Accept), Says(0.99, Judgement.Reject), Says(0.99, Judgement.Reject)]).IsAccepted);
    }

    [Fact]
    public void Disagreement_is_0_among_one_voice_and_1_where_the_sides_weigh_the_same()
    {
        Assert.Equal(0, WeightedVerdict.Of([]).Disagreement);
        Assert.Equal(0, WeightedVerdict.Of([Says(0.9, Judgement.Reject), Says(0.6, Judgement.Reject)]).Disagreement);
        Assert.Equal(1, WeightedVerdict.Of([Says(0.9, Judgement.Reject), Says(0.9, Judgement.Accept)]).Disagreement);
        Assert.Equal(0.5, WeightedVerdict.Of([Says(0.9, Judgement.Accept), Says(0.9, Judgement.Accept), Says(0.9, Judgement.Accept), Says(0.9, Judgement.Reject)]).Disagreement, precision: 12);
    }

    [Property]
    public void The_order_of_the_votes_does_not_matter(Ballot[] ballots, int seed)
    {
        var random = new SplitMix64((ulong)seed);
        var votes = Votes(ballots);
        Assert.Equal(WeightedVerdict.Of(votes), WeightedVerdict.Of([.. votes.OrderBy(_ => random.Next())]));
    }

    [Property]
    public void One_more_acceptance_of_a_reliable_judge_never_turns_acceptance_into_rejection(Ballot[] ballots, byte reliability, byte confidence)
    {
        var votes = Votes(ballots);
        var more = Says(0.5 + (reliability / 512.0), Judgement.Accept, confidence / 255.0);
        var (before, after) = (WeightedVerdict.Of(votes), WeightedVerdict.Of([.. votes, more]));
        Assert.True(after.IsAccepted || !before.IsAccepted);
        Assert.True(after.Sum >= before.Sum);
    }

    [Property]
    public void A_judge_that_is_right_half_of_the_time_changes_nothing(Ballot[] ballots, bool accepts) =>
        Assert.Equal(WeightedVerdict.Of(Votes(ballots)), WeightedVerdict.Of([.. Votes(ballots), Says(0.5, accepts ? Judgement.Accept : Judgement.Reject)]));

    [Property]
    public void A_judge_that_is_mostly_wrong_counts_against_its_own_word(Ballot[] ballots, byte reliability)
    {
        var wrong = Math.Min(reliability, (byte)254) / 512.0;
        var (before, after) = (WeightedVerdict.Of(Votes(ballots)), WeightedVerdict.Of([.. Votes(ballots), Says(wrong, Judgement.Accept)]));
        Assert.True(after.Against > before.Against);
        Assert.Equal(before.For, after.For);
    }

    [Property]
    public void Disagreement_is_from_0_to_1(Ballot[] ballots) => Assert.InRange(WeightedVerdict.Of(Votes(ballots)).Disagreement, 0, 1);

    [Property]
    public void Equal_judges_decide_by_majority(byte reliability, bool[] accepts)
    {
        var alike = 0.51 + (0.48 * reliability / 255);
        var verdict = WeightedVerdict.Of([.. accepts.Select(accept => Says(alike, accept ? Judgement.Accept : Judgement.Reject))]);
        Assert.Equal(accepts.Count(accept => accept) * 2 > accepts.Length, verdict.IsAccepted);
    }

    /// <summary>Five judges, each right with a chance of its own that is measured on a thousand artifacts; then both ways decide about ten thousand others.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Weighed_by_what_was_measured_judges_err_less_than_by_majority(ulong seed)
    {
        var random = new SplitMix64(seed);
        var chances = Enumerable.Range(0, 5).Select(_ => 0.45 + (0.5 * random.NextDouble())).ToArray();
        var judges = chances.Select((_, number) => new JudgeReliability($"judge-{number}", 0.7, strength: 4)).ToArray();
        for (var artifact = 0; artifact < 1_000; artifact++)
        {
            for (var judge = 0; judge < 5; judge++) judges[judge] = random.NextDouble() < chances[judge] ? judges[judge].Right() : judges[judge].Wrong();
        }

        var (weighedErrors, majorityErrors) = (0, 0);
        for (var artifact = 0; artifact < 10_000; artifact++)
        {
            var isGood = random.NextInt(2) == 0;
            var accepts = chances.Select(chance => random.NextDouble() < chance == isGood).ToArray();
            var verdict = WeightedVerdict.Of([.. judges.Select((judge, number) => new JudgeVote(judge, accepts[number] ? Judgement.Accept : Judgement.Reject))]);
            if (verdict.IsAccepted != isGood) weighedErrors++;
            if (accepts.Count(accept => accept) > 2 != isGood) majorityErrors++;
        }

        Assert.InRange(weighedErrors, 0, majorityErrors);
    }

    private static JudgeVote Says(double reliability, Judgement vote, double confidence = 1) => new(new JudgeReliability($"of {reliability}", reliability, strength: 10), vote, confidence);

    private static JudgeVote[] Votes(Ballot[] ballots) => [.. ballots.Select(ballot => Says(ballot.Reliability / 255.0, (Judgement)(ballot.Vote % 3), ballot.Confidence / 255.0))];

    /// <summary>A vote in bytes, as they come at random.</summary>
    public sealed record Ballot(byte Reliability, byte Vote, byte Confidence);
}
