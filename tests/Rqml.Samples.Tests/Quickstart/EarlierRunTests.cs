using Quickstart;

namespace Rqml.Samples.Tests.Quickstart;

public sealed class EarlierRunTests
{
    private static readonly SubmitOptions Later = new() { NotBefore = TimeSpan.FromDays(1) };

    [Fact]
    public async Task An_empty_store_holds_nothing()
    {
        await using var digits = await DigitsHost.StartAsync();
        var earlier = await EarlierRun.FindAsync(digits.Client, ["digit-1-0"]);
        Assert.Null(earlier.Stranger);
        Assert.Empty(earlier.Open);
    }

    [Fact]
    public async Task Unfinished_tasks_of_the_same_run_are_found()
    {
        await using var digits = await DigitsHost.StartAsync();
        var task = await digits.SubmitAsync(0, Later with { IdempotencyKey = "digit-1-0" });

        var earlier = await EarlierRun.FindAsync(digits.Client, ["digit-1-0", "digit-1-1"]);
        Assert.Null(earlier.Stranger);
        Assert.Equal([task.Id], earlier.Open);
    }

    [Theory]
    [InlineData("digit-2-0")]      // of another seed
    [InlineData("digit-1-48")]     // of more tasks
    public async Task A_task_of_another_run_is_named(string key)
    {
        await using var digits = await DigitsHost.StartAsync();
        await digits.SubmitAsync(0, Later with { IdempotencyKey = key });
        Assert.Equal(key, (await EarlierRun.FindAsync(digits.Client, ["digit-1-0", "digit-1-1"])).Stranger);
    }

    [Fact]
    public async Task A_task_without_a_key_is_of_another_run_too()
    {
        await using var digits = await DigitsHost.StartAsync();
        var task = await digits.SubmitAsync(0, Later);
        Assert.Equal(task.Id.ToString(), (await EarlierRun.FindAsync(digits.Client, ["digit-1-0"])).Stranger);
    }
}
