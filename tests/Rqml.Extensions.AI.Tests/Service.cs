using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenAI;
using Rqml.ChatServer;
using Rqml.Extensions.AI.Answers;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI.Tests;

/// <summary>A service that says what the test has it say, reached by the client that users have: OpenAI's, over HTTP.</summary>
internal sealed class Service : IAsyncDisposable
{
    public const string Key = "sk-the-secret-key";

    private readonly OpenAIClient _client;

    private Service(ChatServer.ChatServer server)
    {
        Server = server;
        _client = new OpenAIClient(new ApiKeyCredential(Key), new OpenAIClientOptions { Endpoint = server.Endpoint, RetryPolicy = new ClientRetryPolicy(0) });
    }

    public ChatServer.ChatServer Server { get; }

    public static async Task<Service> StartAsync(Func<ChatRequest, ChatReply> script, Func<int, ChatReply?>? embeddings = null) => new(await ChatServer.ChatServer.StartAsync(script, embeddings, Key));

    /// <summary>One answer after the other, and the last one from then on.</summary>
    public static Task<Service> StartAsync(params ChatReply[] replies) => StartAsync(request => replies[Math.Min(request.Number, replies.Length) - 1]);

    public IChatClient Client(string model = "small") => _client.GetChatClient(model).AsIChatClient();

    public IEmbeddingGenerator<string, Embedding<float>> Embeddings() => _client.GetEmbeddingClient("vectors").AsIEmbeddingGenerator();

    /// <summary>A model alone, as <c>AddChatModel</c> makes it.</summary>
    public IRefinementModel<string, TArtifact> Model<TArtifact>(Action<ChatModelOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new ChatModelOptions();
        configure?.Invoke(options);
        time ??= TimeProvider.System;
        var shape = AnswerShape<TArtifact>.Of(options.Json);
        var call = new ChatCall("small", Client(), options, Tariff.OfModel(options.Price, null), time);
        return new ChatRefinementModel<string, TArtifact>(call, options, shape, new RefinementPrompt<string, TArtifact>(AnswerShape<string>.Of(options.Json), shape).Of, time);
    }

    /// <summary>A host whose clients without a key and by the keys "small" and "large" ask this service.</summary>
    public async Task<IHost> HostAsync<TArtifact>(TaskClass<string, TArtifact> @class, Action<TaskClassBuilder<string, TArtifact>> configure, Action<IRqmlBuilder>? more = null, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddChatClient(Client());
        builder.Services.AddKeyedChatClient("small", Client());
        builder.Services.AddKeyedChatClient("large", Client("large"));
        builder.Services.AddEmbeddingGenerator(Embeddings());
        services?.Invoke(builder.Services);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(@class, configure).Configure(options => (options.Lanes, options.DrainTimeout) = (8, TimeSpan.Zero));
            more?.Invoke(rqml);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
