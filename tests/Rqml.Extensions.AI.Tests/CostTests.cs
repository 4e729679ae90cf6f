using Microsoft.Extensions.DependencyInjection;
using Rqml.ChatServer;
using Rqml.Testing;

namespace Rqml.Extensions.AI.Tests;

/// <summary>Tokens times their price is what a call costs, and the task's budget knows of it.</summary>
public sealed class CostTests
{
    private static readonly ChatPrice Price = new(1_000, 10_000) { CachedInput = 100 };      // 0.001 and 0.01 a token, 0.0001 a cached one

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pass_costs_by_its_tokens_cached_ones_less(bool streaming)
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir") with { InputTokens = 1_000, CachedTokens = 400, OutputTokens = 50 });
        var made = await service.Model<string>(chat => (chat.Price, chat.Streaming) = (Price, streaming)).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None);
        Assert.Equal(0.6 + 0.04 + 0.5, made.Cost!.Value, 9);
    }

    [Fact]
    public async Task A_service_that_does_not_count_costs_as_declared()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir") with { HasUsage = false });
        Assert.Equal(1 + 10, (await service.Model<string>(chat => chat.Price = Price).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None)).Cost!.Value, 9);
        Assert.Equal(1, (await service.Model<string>().RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None)).Cost);
    }

    [Fact]
    public async Task A_budget_of_cost_ends_a_task_with_the_best_and_the_story_says_what_it_cost()
    {
        await using var service = await Service.StartAsync(request => ChatReply.Say($"draft {request.Number}") with { InputTokens = 1_000, OutputTokens = 100 });      // 2 a call
        using var host = await service.HostAsync(Drafts.Text, texts => texts.AddChatModel(configure: chat => chat.Price = Price).ConvergeWhenAll(Stability.Over(2)));
        var result = await host.EndAsync(Drafts.Text, options: new SubmitOptions { Budget = new TaskBudget { Cost = 5 } });
        await host.StopAsync();

        Assert.Equal((Outcome.BudgetExhausted, "draft 3", 3), (result.Outcome, result.Artifact, result.Iterations));
        Assert.Equal(6, result.Cost, 9);
        Assert.Equal(result.Cost, result.Story.Cost);
        Assert.Contains("cost 6", result.Story.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_spent_before_a_restart_is_not_forgotten()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-chat-").FullName;
        var third = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await Service.StartAsync(request => ChatReply.Say(request.Number < 6 ? $"draft {request.Number}" : "the last") with
        {
            InputTokens = 1_000,
            OutputTokens = 100,
            Before = async (piece, cancellationToken) =>
            {
                if (request.Number != 3 || piece > 0) return;
                third.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);      // until the host stops
            },
        });
        TaskId id;
        using (var host = await StartAsync())
        {
            id = (await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Drafts.Text, "a letter")).Id;
            await Step.Of("the third call", third.Task);
            await host.StopAsync();
        }

        using (var host = await StartAsync())
        {
            var task = await host.Services.GetRequiredService<IRqmlClient>().AttachAsync(Drafts.Text, id);
            var result = await Step.Of("completion", task.Completion);
            await host.StopAsync();
            Assert.Equal((Outcome.Converged, "the last"), (result.Outcome, result.Artifact));
            Assert.Equal(2 * result.Iterations, result.Cost, 9);
            Assert.True(result.ResumedAt > 0, "It went on from a checkpoint.");
        }

        Directory.Delete(folder, recursive: true);

        Task<Microsoft.Extensions.Hosting.IHost> StartAsync() =>
            service.HostAsync(Drafts.Text, texts => texts.AddChatModel(configure: chat => chat.Price = Price).ConvergeWhenAll(Stability.Over(2)), rqml => rqml.UseRocksDb(folder));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, double.NaN)]
    [InlineData(double.PositiveInfinity, 0)]
    public void A_price_that_is_none_cannot_be_said(double input, double output)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChatPrice(input, output));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChatPrice(0, 0) { CachedInput = -1 });
    }
}
