using FsCheck.Xunit;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

public sealed class JudgeReliabilityTests
{
    [Fact]
    public void A_judge_is_taken_for_what_was_declared_until_it_has_shown_otherwise()
    {
        var judge = new JudgeReliability("spelling", declared: 0.8, strength: 10);
        Assert.Equal(0.8, judge.Mean, precision: 12);
        Assert.Equal((8.0 + 2) / 13, judge.Right().Right().Wrong().Mean, precision: 12);
        Assert.Equal(Math.Log(4), judge.Weight, precision: 12);
    }

    [Fact]
    public void Nobody_becomes_infallible_by_luck()
    {
        var judge = new JudgeReliability("lucky", 0.5, 2);
        for (var i = 0; i < 10_000; i++) judge = judge.Right();
        Assert.Equal(Math.Log(99), judge.Weight, precision: 9);
        Assert.False(judge.HasVeto);
    }

    [Fact]
    public void A_declared_veto_stays_whatever_is_measured()
    {
        var judge = new JudgeReliability("law", declared: 1, strength: 1);
        for (var i = 0; i < 100; i++) judge = judge.Wrong();
        Assert.True(judge.HasVeto);
        Assert.Equal(-Math.Log(99), judge.Weight, precision: 9);
    }

    [Property]
    public void Being_right_raises_the_mean_and_being_wrong_lowers_it(byte declared, bool[] verdicts)
    {
        var judge = new JudgeReliability("judge", declared / 255.0, strength: 4);
        foreach (var isRight in verdicts)
        {
            var next = isRight ? judge.Right() : judge.Wrong();
            Assert.InRange(next.Mean, isRight ? judge.Mean : 0, isRight ? 1 : judge.Mean);
            Assert.InRange(next.Weight, -Math.Log(99) - 1e-9, Math.Log(99) + 1e-9);
            judge = next;
        }
    }

    [Fact]
    public void What_is_no_reliability_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new JudgeReliability("judge", double.NaN, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new JudgeReliability("judge", 1.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new JudgeReliability("judge", 0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new JudgeVote(new JudgeReliability("judge", 0.5, 1), Judgement.Accept, 1.5));
    }
}
