using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;

// What goes by a type's constructor, by generated JSON and by options has to be there when nothing is compiled at run time.
var squareRoot = new TaskClass<Number, Root>("square-root", RootJson.Default.Number, RootJson.Default.Root);
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddSingleton(new Digits(9));
builder.Services.AddRqml(rqml => rqml.AddTaskClass(squareRoot, roots => roots
    .AddModel<NewtonStep>()
    .ScoreWith<Closeness>()
    .ConvergeWhenAll(Stability.Over(2).AtLeast(1))
    .AcceptAt(0.999)
    .ValidateWith<PositiveRoot>()
    .Limit(iterations: 50)));
using var host = builder.Build();
await host.StartAsync();
var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(squareRoot, new Number(2));
var result = await task.Completion;
Console.WriteLine($"{result.Outcome}: {result.Artifact.Value} by {result.Model}");
await host.StopAsync();

internal sealed record Number(double Value);

internal sealed record Root(double Value);

internal sealed record Digits(int Count);

[JsonSerializable(typeof(Number))]
[JsonSerializable(typeof(Root))]
internal sealed partial class RootJson : JsonSerializerContext;

internal sealed class NewtonStep(Digits digits) : IRefinementModel<Number, Root>
{
    public ValueTask<Refinement<Root>> RefineAsync(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
    {
        var number = context.Payload.Value;
        var root = context.HasArtifact ? context.Artifact!.Value : number;
        return new(new Root(Math.Round((root + number / root) / 2, digits.Count)));
    }
}

internal sealed class Closeness : IArtifactScorer<Number, Root>
{
    public ValueTask<Score> ScoreAsync(Number payload, Root artifact, CancellationToken cancellationToken) =>
        new(1 - Math.Min(1, Math.Abs(artifact.Value * artifact.Value - payload.Value) / payload.Value));
}

internal sealed class PositiveRoot : IArtifactValidator<Number, Root>
{
    public ValueTask<Validation> ValidateAsync(Number payload, Root artifact, CancellationToken cancellationToken) =>
        new(artifact.Value > 0 ? Validation.Accept : Validation.Reject($"{artifact.Value} is not above zero"));
}
