using Quickstart;
using Rqml.Supervision;

namespace Rqml.Samples.Tests.Quickstart;

public sealed class NewsTests
{
    [Fact]
    public void A_turn_is_told_in_words() => Assert.Equal(
        "digit-17 on softmax stalled from iteration 4 to 6: a larger model",
        new News(most: 1).OfIteration(17, "softmax", SupervisionAction.Escalate, "stalled from iteration 4 to 6: a larger model"));

    [Fact]
    public void Of_each_kind_the_first_few_are_told_and_all_are_counted()
    {
        var news = new News(most: 2);
        var lines = Enumerable.Range(0, 48).Select(task => news.OfIteration(task, "softmax", SupervisionAction.Escalate, "stalled")).OfType<string>();
        Assert.Equal(2, lines.Count());
        Assert.Equal((48, 0), (news.Count(SupervisionAction.Escalate), news.Count(SupervisionAction.Vote)));
        Assert.NotNull(news.OfIteration(0, "rbf-ridge", SupervisionAction.Vote, "stalled: a vote"));
    }

    [Fact]
    public void What_just_goes_on_or_converges_is_no_news()
    {
        var news = new News(most: 2);
        Assert.Null(news.OfIteration(0, "softmax", SupervisionAction.Continue, "gets on"));
        Assert.Null(news.OfEnd(0, "Converged", reason: null));
        Assert.Equal("digit-0 refused by 2 of 3 voters", news.OfEnd(0, "Unconverged", "refused by 2 of 3 voters"));
    }
}
