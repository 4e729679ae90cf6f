using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;
using Rqml.Testing;

// Packages at work: a task is stored, the node that holds it is killed, another host finds its result in the folder, and a chat client writes a text.
var halve = new TaskClass<double, double>("halve");
var write = new TaskClass<string, string>("write");
var first = await StartAsync();
var task = await first.Services.GetRequiredService<IRqmlClient>().SubmitAsync(halve, 8);
Console.WriteLine($"{(await task.Completion).Outcome}");
await first.KillNodeAsync("b");
await first.StopAsync();
first.Dispose();

using var second = await StartAsync();
var again = await second.Services.GetRequiredService<IRqmlClient>().AttachAsync(halve, task.Id);
Console.WriteLine($"found again: {(await again.Completion).Artifact}");
var text = await second.Services.GetRequiredService<IRqmlClient>().SubmitAsync(write, "a letter");
Console.WriteLine($"written: {(await text.Completion).Artifact}");
await second.StopAsync();

async Task<IHost> StartAsync()
{
    var builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Services.AddSingleton<IChatClient>(new Polite());
    builder.Services.AddRqml(rqml => rqml
        .AddTaskClass(halve, half => half
            .AddModel("halve", (context, _) => new(context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload))
            .ConvergeWhenAll(Stability.Over(2)))
        .AddTaskClass(write, texts => texts.AddChatModel(configure: chat => chat.Streaming = false).ConvergeWhenAll(Stability.Over(2)))
        .AddNode("b")
        .AddHttpEndpoints()
        .UseRocksDb("store"));
    var host = builder.Build();
    await host.StartAsync();
    return host;
}

internal sealed class Polite : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "Dear Sir")));

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() { }
}
