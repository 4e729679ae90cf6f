namespace Rqml.Scheduling;

public sealed class ExpectedDifficultyTests
{
    private readonly ExpectedDifficulty _expected = new();

    [Fact]
    public void A_stated_difficulty_overrides_what_was_learnt()
    {
        _expected.Learn("summaries", iterations: 9, limit: 10);
        Assert.Equal(0.2, _expected.Of("summaries", stated: 0.2));
    }

    [Fact]
    public void A_class_of_which_nothing_finished_is_half_as_hard_as_can_be() => Assert.Equal(0.5, _expected.Of("summaries", stated: null));

    [Fact]
    public void The_first_tasks_count_alike_and_each_class_by_itself()
    {
        _expected.Learn("summaries", 1, 10);
        _expected.Learn("summaries", 3, 10);
        _expected.Learn("proofs", 10, 10);
        Assert.Equal(0.2, _expected.Of("summaries", null), precision: 12);
        Assert.Equal(1, _expected.Of("proofs", null));
    }

    [Fact]
    public void A_class_that_becomes_harder_is_followed_within_some_thirty_tasks()
    {
        for (var i = 0; i < 1000; i++) _expected.Learn("summaries", 1, 10);
        for (var i = 0; i < 32; i++) _expected.Learn("summaries", 9, 10);
        Assert.InRange(_expected.Of("summaries", null), 0.75, 0.9);
    }

    [Fact]
    public void A_task_that_went_beyond_the_limit_counts_as_the_hardest()
    {
        _expected.Learn("summaries", 15, 10);
        Assert.Equal(1, _expected.Of("summaries", null));
    }

    [Fact]
    public void What_is_no_difficulty_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _expected.Of("summaries", double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => _expected.Learn("summaries", -1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => _expected.Learn("summaries", 1, 0));
    }
}
