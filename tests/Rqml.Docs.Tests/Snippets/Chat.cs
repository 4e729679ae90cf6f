using System.ClientModel;
using System.ClientModel.Primitives;
using System.Collections.Concurrent;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenAI;
using Rqml.ChatServer;
using Rqml.Extensions.AI;

namespace Rqml.Docs.Tests.Snippets;

#region snippet
public sealed record Plan(string Goal, IReadOnlyList<string> Steps);
#endregion

public sealed class Chat
{
    private static readonly TaskClass<string, string> Writing = new("texts");
    private static readonly TaskClass<string, Plan> Planning = new("plans");

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_text_is_drafted_by_a_small_model_and_criticised_by_a_large_one()
    {
        await using var server = await ChatServer.ChatServer.StartAsync(request => ChatReply.Say(request.Schema is null ? "Dear Sir" : """{"remark": "", "isAcceptable": true, "confidence": 1}"""));
        var (endpoint, key) = (server.Endpoint, "none");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        #region snippet
        var service = new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = endpoint, RetryPolicy = new ClientRetryPolicy(0) });
        builder.Services.AddKeyedChatClient("small", service.GetChatClient("gpt-5-mini").AsIChatClient());
        builder.Services.AddKeyedChatClient("large", service.GetChatClient("gpt-5").AsIChatClient());
        builder.Services.AddEmbeddingGenerator(service.GetEmbeddingClient("text-embedding-3-small").AsIEmbeddingGenerator());
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Writing, texts => texts
                .AddChatModel("small", chat => chat.Price = new ChatPrice(input: 0.25, output: 2))
                .AddChatModel("large", chat => chat.Price = new ChatPrice(input: 1.25, output: 10), tier: 1)
                .ValidateWithChat("Every claim is concrete.", "large", critic => critic.Price = new ChatPrice(input: 1.25, output: 10), name: "critic")
                .CompareWithEmbeddings()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.9))
                .Limit(iterations: 10, cost: 0.5))
            .Configure(options => options.Lanes = 32));
        #endregion
        using var host = builder.Build();
        await host.StartAsync();
        var result = await (await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Writing, "a letter")).Completion;
        await host.StopAsync();
        Assert.Equal((Outcome.Converged, "Dear Sir", "small"), (result.Outcome, result.Artifact, result.Model));
        Assert.Equal(["gpt-5-mini", "gpt-5-mini", "gpt-5"], server.Requests.Select(request => request.Model));
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_typed_answer_is_scored_and_watched_while_it_grows()
    {
        await using var server = await ChatServer.ChatServer.StartAsync(request =>
            ChatReply.Say(request.Last.Contains("# Answer", StringComparison.Ordinal) && request.Schema!.Value.ToString().Contains("score", StringComparison.Ordinal) ? """{"remark": "good", "score": 0.9}""" : """{"goal": "tea", "steps": ["boil water"]}"""));
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddChatClient(new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = server.Endpoint }).GetChatClient("any").AsIChatClient());
        var shown = new ConcurrentQueue<string>();
        builder.Services.AddRqml(rqml => rqml.AddTaskClass(Planning, plans =>
        {
            #region snippet
            plans
                .AddChatModel(configure: chat =>
                {
                    chat.Instructions = "You plan. Each step is one sentence that somebody can act on.";
                    chat.OnText = text => shown.Enqueue($"{text.Pass.Model}, iteration {text.Pass.Iteration}: {text.Text.Length} characters");
                    chat.StallTimeout = TimeSpan.FromSeconds(10);
                })
                .ScoreWithChat("Nothing is missing, and nothing could be left out.")
                .ConvergeWhenAll(Stability.Over(2))
                .AcceptAt(0.8);
            #endregion
        }));
        using var host = builder.Build();
        await host.StartAsync();
        var result = await (await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Planning, "tea")).Completion;
        await host.StopAsync();
        Assert.Equal((Outcome.Converged, 0.9, "boil water"), (result.Outcome, result.Score, result.Artifact.Steps.Single()));
    }
}
