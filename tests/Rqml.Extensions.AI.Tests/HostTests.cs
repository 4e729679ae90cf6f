using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml.ChatServer;
using Rqml.Supervision;

namespace Rqml.Extensions.AI.Tests;

/// <summary>Chat clients as the models and judges of a class, in a host.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task A_draft_is_criticised_revised_and_taken_over_by_the_larger_client()
    {
        await using var service = await Service.StartAsync(request => Script(request));
        using var host = await service.HostAsync(Drafts.Text, texts => texts
            .AddChatModel("small", chat => chat.Price = new ChatPrice(1, 1))
            .AddChatModel("large", chat => chat.Price = new ChatPrice(10, 10), tier: 1)
            .ValidateWithChat("It names the sea.", "large", critic => critic.Price = new ChatPrice(10, 10), name: "critic")
            .CompareWith(Similarity.TokenSet<string>(text => text))
            .ConvergeWhenAll(Stability.Over(2).AtLeast(0.1)));
        var result = await host.EndAsync(Drafts.Text, "a poem");
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, "a poem of the sea", "large"), (result.Outcome, result.Artifact, result.Model));
        var told = service.Server.Requests.Where(request => request.Last.Contains("# What reviewers said of it\nName the sea.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["small", "large"], told.Select(request => request.Model).Distinct());
        Assert.Contains(result.Story.Steps, step => step.Opinions.Any(opinion => opinion is { By: "critic", Reason: "Name the sea." }));
        Assert.Equal(service.Server.Requests.Sum(CostOf), result.Cost, 12);

        static ChatReply Script(ChatRequest request)
        {
            var answer = request.Schema is not null
                ? request.Last.Contains("of the sea", StringComparison.Ordinal) ? """{"remark": "", "isAcceptable": true, "confidence": 1}""" : """{"remark": "Name the sea.", "isAcceptable": false, "confidence": 0.9}"""
                : request.Model == "large" ? "a poem of the sea" : request.Number % 2 == 0 ? "a poem of land" : "a poem of this land";
            return ChatReply.Say(answer) with { InputTokens = 1_000, OutputTokens = 100 };
        }

        static double CostOf(ChatRequest request) => (request.Model == "large" ? 10 : 1) * 1_100 / 1e6;
    }

    [Fact]
    public async Task A_score_by_a_client_decides_what_is_good_enough_and_its_calls_cost()
    {
        await using var service = await Service.StartAsync(request => ChatReply.Say(request.Schema is null ? request.Model : $$"""{"remark": "so", "score": {{(request.Last.Contains("large", StringComparison.Ordinal) ? "0.95" : "0.4")}}}"""));
        using var host = await service.HostAsync(Drafts.Text, texts => texts
            .AddChatModel("small", cost: 1)
            .AddChatModel("large", tier: 1, cost: 1)
            .ScoreWithChat("It is large.", configure: judge => judge.Price = new ChatPrice(0, 1e6 / 4))
            .ConvergeWhenAll(Stability.Over(2)).AcceptAt(0.9));
        var result = await host.EndAsync(Drafts.Text);
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, "large", 0.95), (result.Outcome, result.Artifact, result.Score));
        Assert.Equal(result.Iterations * 2, result.Cost);      // a pass, and four words about it
    }

    [Fact]
    public async Task Calls_that_are_refused_for_load_are_made_later_and_fail_no_task()
    {
        var open = 0;
        await using var service = await Service.StartAsync(request =>
        {
            // It bears two at once; what is refused asks for no rest.
            if (Interlocked.Increment(ref open) <= 2) return ChatReply.Say("Dear Sir") with { Before = (_, _) => LeaveAsync() };
            Interlocked.Decrement(ref open);
            return ChatReply.Refuse(TimeSpan.Zero, request.Number % 2 == 0 ? 429 : 503);
        });
        using var host = await service.HostAsync(Drafts.Text, texts => texts
            .AddChatModel("small", chat => (chat.Price, chat.Streaming) = (new ChatPrice(0, 1e6 / 2), false), concurrency: ModelConcurrency.Adaptive(from: 1, to: 8))
            .AddChatModel("large", tier: 1)
            .ConvergeWhenAll(Stability.Over(2)));
        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(number => host.EndAsync(Drafts.Text, $"letter {number}")));
        await host.StopAsync();

        Assert.All(results, result => Assert.Equal((Outcome.Converged, "small", 2.0), (result.Outcome, result.Model, result.Cost)));      // two answers of two words: what was refused cost nothing

        async Task LeaveAsync()
        {
            await Task.Yield();
            Interlocked.Decrement(ref open);
        }
    }

    [Fact]
    public async Task A_judge_that_is_refused_for_load_waits_and_the_pass_is_not_made_again()
    {
        var judged = 0;
        await using var service = await Service.StartAsync(request => request.Schema is not { } schema ? ChatReply.Say("Dear Sir")
            : Interlocked.Increment(ref judged) % 2 == 1 ? ChatReply.Refuse(TimeSpan.Zero)
            : ChatReply.Say(schema.GetProperty("properties").TryGetProperty("score", out _) ? """{"remark": "good", "score": 0.9}""" : """{"remark": "", "isAcceptable": true, "confidence": 1}"""));
        using var host = await service.HostAsync(Drafts.Text, texts => texts.AddChatModel().ScoreWithChat("Is it polite?").ValidateWithChat("It is polite.").ConvergeWhenAll(Stability.Over(2)));
        var result = await host.EndAsync(Drafts.Text);
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, 2, 6), (result.Outcome, result.Story.Passes, judged));
    }

    [Fact]
    public async Task An_error_of_the_service_is_tried_again_and_what_it_said_is_in_no_reason_and_no_log()
    {
        var (lines, asked) = (new ConcurrentQueue<string>(), 0);
        await using var service = await Service.StartAsync(request => request.Schema is null && Interlocked.Increment(ref asked) % 2 == 1 ? ChatReply.Fail(500) : ChatReply.Say("secret answer"));
        using var host = await service.HostAsync(
            Drafts.Text, texts => texts.AddChatModel().ValidateWithChat("secret criteria").ConvergeWhenAll(Stability.Over(2)).Limit(iterations: 4),
            services: services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new Lines(lines))));
        var result = await host.EndAsync(Drafts.Text, "secret task");
        await host.StopAsync();

        Assert.Equal(Outcome.Rejected, result.Outcome);      // a critic that does not answer in JSON vouches for nothing
        Assert.Contains("UnusableAnswerException", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Story.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Contains("secret", StringComparison.OrdinalIgnoreCase) || line.Contains(Service.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Faults_keep_the_host_from_starting_and_are_named_all_at_once()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir"));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => service.HostAsync(Drafts.Text, texts => texts.AddChatModel("smal", chat =>
        {
            (chat.Timeout, chat.StallTimeout, chat.RepairTurns) = (TimeSpan.Zero, TimeSpan.FromDays(1), 4);
            (chat.MaxOutputTokens, chat.Temperature) = (0, double.NaN);
        })));
        Assert.Equal(
            [
                "ChatModelOptions.Timeout is '00:00:00'; it takes 100 ms to 1 h.",
                "ChatModelOptions.MaxOutputTokens is '0'; it takes 1 to 1,000,000.",
                "ChatModelOptions.Temperature is 'NaN'; it takes 0 to 2.",
                "ChatModelOptions.StallTimeout is '1.00:00:00'; it takes 100 ms to 1 h.",
                "ChatModelOptions.RepairTurns is '4'; it takes 0 to 3.",
                "AddChatModel asks for 'smal'; the host has nothing under that key: AddKeyedChatClient(\"smal\", …).",
            ],
            refused.Failures);
    }

    [Fact]
    public async Task A_client_that_the_host_does_not_have_is_named()
    {
        await RefusedAsync(texts => texts.AddChatModel(), "AddChatModel has no client to ask: the host has none without a key; AddChatClient(…), or say the key of one.");
        await RefusedAsync(texts => texts.AddModel("model", (_, _) => new("a")).ScoreWithChat("good", "judge"), "ScoreWithChat asks for 'judge'; the host has nothing under that key: AddKeyedChatClient(\"judge\", …).");
        await RefusedAsync(texts => texts.AddModel("model", (_, _) => new("a")).CompareWithEmbeddings("vectors"), "CompareWithEmbeddings asks for 'vectors'; the host has nothing under that key: AddKeyedEmbeddingGenerator(\"vectors\", …).");

        static async Task RefusedAsync(Action<TaskClassBuilder<string, string>> configure, string words)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddRqml(rqml => rqml.AddTaskClass(Drafts.Text, configure));
            using var host = builder.Build();
            Assert.Equal([words], (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync())).Failures);
        }
    }

    [Fact]
    public async Task A_prompt_of_ones_own_replaces_what_a_pass_says_but_not_the_instructions()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir"));
        using var host = await service.HostAsync(Drafts.Text, texts => texts
            .AddChatModel(configure: chat => chat.Instructions = "Be brief.", prompt: context => [new ChatMessage(ChatRole.User, $"{context.Payload}, iteration {context.Iteration}")])
            .ConvergeWhenAll(Stability.Over(2)));
        await host.EndAsync(Drafts.Text);
        await host.StopAsync();
        Assert.Equal(["Be brief.", "a letter, iteration 1"], service.Server.Requests[0].Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_voter_is_asked_whether_the_answer_is_right()
    {
        await using var service = await Service.StartAsync(request => ChatReply.Say(request.Last.Contains("# Vote", StringComparison.Ordinal) ? "draft 2" : $"draft {request.Number}"));
        using var host = await service.HostAsync(Drafts.Text, texts => texts.AddChatModel("small").AddChatModel("large")
            .ConvergeWhenAll(Stability.Over(8)).SuperviseWith(new VoteAtTwo()).Vote());
        var result = await host.EndAsync(Drafts.Text);
        await host.StopAsync();
        Assert.Equal((Outcome.Converged, "draft 2"), (result.Outcome, result.Artifact));
    }

    [Fact]
    public async Task Artifacts_are_compared_by_their_embeddings_each_made_once_and_waited_for()
    {
        await using var service = await Service.StartAsync(
            request => ChatReply.Say(request.Number switch { 1 => "land", 2 => "the sea and the ship", _ => "the ship and the sea" }), number => number == 1 ? ChatReply.Refuse(TimeSpan.Zero) : null);
        using var host = await service.HostAsync(Drafts.Text, texts => texts.AddChatModel().CompareWithEmbeddings().ConvergeWhenAll(Stability.Over(2).AtLeast(0.99)));
        var result = await host.EndAsync(Drafts.Text);
        await host.StopAsync();
        Assert.Equal((Outcome.Converged, 3, "the ship and the sea"), (result.Outcome, result.Iterations, result.Artifact));
        Assert.Equal(1 + 3, service.Server.Embedded);
    }

    private sealed class VoteAtTwo : ISupervisionPolicy
    {
        public int Version => 1;

        public SupervisionDecision Decide(Observation seen) =>
            seen is { Kind: ObservationKind.Refined, Iteration: 2 } ? new(SupervisionAction.Vote, "the test says so") : SupervisionPolicy.Default.Decide(seen);
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}
