using System.ClientModel;
using System.ClientModel.Primitives;
using ChatRefinement;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenAI;
using Rqml;
using Rqml.Extensions.AI;

if (args.Contains("--help"))
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments arguments;
try
{
    arguments = Arguments.Parse(args);
}
catch (FormatException error)
{
    Console.Error.WriteLine($"{error.Message}\n\n{Arguments.Usage}");
    return 2;
}

var key = Environment.GetEnvironmentVariable("OPENAI_API_KEY");
if (key is null && !arguments.IsOffline)
{
    Console.Error.WriteLine($"The environment variable OPENAI_API_KEY is not set; --offline needs none.\n\n{Arguments.Usage}");
    return 2;
}

// 1. Two clients of one service. They do not try again by themselves: a refusal is how the host learns how many calls the service bears.
await using var server = arguments.IsOffline ? await Offline.StartAsync() : null;
var client = new OpenAIClient(new ApiKeyCredential(server is null ? key! : "none"), new OpenAIClientOptions { Endpoint = server?.Endpoint ?? arguments.Endpoint, RetryPolicy = new ClientRetryPolicy(0) });
var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Services.AddKeyedChatClient("small", client.GetChatClient(server is null ? arguments.Small : "small").AsIChatClient());
builder.Services.AddKeyedChatClient("large", client.GetChatClient(server is null ? arguments.Large : "large").AsIChatClient());

// 2. Draft, critique, revise: the small model goes on until its text is stable, then the critic is asked. What it says is what the next pass is told; where that is
//    not enough, the large model goes on from there.
var texts = new TaskClass<string, string>("texts");
var (smallPrice, largePrice) = (new ChatPrice(input: 0.25, output: 2), new ChatPrice(input: 1.25, output: 10));      // dollars for a million tokens
builder.Services.AddRqml(rqml => rqml
    .AddTaskClass(texts, text => text
        .AddChatModel("small", chat => chat.Price = smallPrice)
        .AddChatModel("large", chat => chat.Price = largePrice, tier: 1)
        .ValidateWithChat("The text does all that the task asks for. Every claim is concrete. No word is too many.", "large", critic => critic.Price = largePrice, name: "critic")
        .CompareWith(Similarity.TokenSet<string>(words => words))
        .ConvergeWhenAll(Stability.Over(2).AtLeast(0.2))
        .Limit(iterations: 10, cost: 0.5, validatorTimeout: TimeSpan.FromMinutes(2))));
using var host = builder.Build();
await host.StartAsync();

// 3. Follow it.
var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(texts, arguments.Brief);
await foreach (var step in task.Iterations()) Console.WriteLine($"{step.Number}. {step.Model}: {step.Artifact}\n");
var result = await task.Completion;
await host.StopAsync();

foreach (var opinion in result.Story.Steps.SelectMany(step => step.Opinions)) Console.WriteLine($"{opinion.By}: {opinion.Judgement}. {opinion.Reason}");
Console.WriteLine(FormattableString.Invariant($"\n{result.Outcome} after {result.Iterations} iterations and {result.Story.Passes} passes, for {result.Cost:0.000000} dollars:\n"));
Console.WriteLine(result.HasArtifact ? result.Artifact : result.Reason);
return result.Outcome == Outcome.Converged ? 0 : 1;
