namespace Rqml.Core.Tests.Models.Concurrency;

public sealed class ModelConcurrencyTests
{
    [Fact]
    public void It_is_a_number_or_a_range()
    {
        Assert.Equal((4, 4, "4"), Parts(ModelConcurrency.Fixed(4)));
        Assert.Equal((1, 64, "1 to 64"), Parts(ModelConcurrency.Adaptive()));
        Assert.Equal(ModelConcurrency.Fixed(2), ModelConcurrency.Adaptive(2, 2));

        static (int From, int To, string Text) Parts(ModelConcurrency concurrency) => (concurrency.From, concurrency.To, concurrency.ToString());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1_025)]
    [InlineData(3, 2)]
    public void What_is_out_of_range_is_refused(int from, int to) => Assert.Throws<ArgumentOutOfRangeException>(() => ModelConcurrency.Adaptive(from, to));

    [Theory]
    [InlineData(0)]
    [InlineData(1_025)]
    public void No_calls_or_too_many_are_refused(int calls) => Assert.Throws<ArgumentOutOfRangeException>(() => ModelConcurrency.Fixed(calls));

    [Fact]
    public void An_overloaded_model_may_say_for_how_long()
    {
        Assert.Null(new ModelOverloadedException().RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(3), new ModelOverloadedException(TimeSpan.FromSeconds(3)).RetryAfter);
        Assert.Equal(TimeSpan.Zero, new ModelOverloadedException(TimeSpan.FromSeconds(-3)).RetryAfter);
    }
}
