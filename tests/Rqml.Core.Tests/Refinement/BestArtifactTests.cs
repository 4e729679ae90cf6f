using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Refinement;

/// <summary>The best artifact so far is never lost, whatever later iterations and larger models make.</summary>
public sealed class BestArtifactTests
{
    private static readonly (string Artifact, double Score)[] Small = [("a", 0.3), ("b", 0.8), ("c", 0.2), ("c", 0.2)];
    private static readonly (string Artifact, double Score)[] Settling = [("good", 0.9), .. Enumerable.Repeat(("poor", 0.2), 9)];
    private static readonly (string Artifact, double Score)[] Large = [("d", 0.1), ("d", 0.1)];

    [Fact]
    public async Task A_larger_model_begins_with_the_best_and_what_is_worse_does_not_replace_it()
    {
        var found = new ConcurrentQueue<string?>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(
            (context, _) => Next(Small, context.Iteration), words => words.AddModel("large", Note, tier: 1).AcceptAt(0.95).EscalateWith(Ladder.Of(Rung.LargerModel))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Unconverged, "b", 0.8, 1), (result.Outcome, result.Artifact, result.Score, result.Tier));
        Assert.Equal(["b", "d"], found);

        ValueTask<Refinement<string>> Note(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            found.Enqueue(context.Artifact);
            return Next(Large, context.Iteration - Small.Length);
        }
    }

    [Fact]
    public async Task A_loop_that_settles_on_less_than_its_best_is_accepted_with_the_best()
    {
        var validated = new ConcurrentQueue<string>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords((context, _) => Next(Settling, context.Iteration), words => words.ValidateWith<Noting>()), services => services.AddSingleton(new Noting(validated, _ => true)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "good", 0.9), (result.Outcome, result.Artifact, result.Score));
        Assert.Equal(["good"], validated);
    }

    [Fact]
    public async Task A_best_artifact_that_was_refused_is_not_offered_again()
    {
        var validated = new ConcurrentQueue<string>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords((context, _) => Next(Settling, context.Iteration), words => words.ValidateWith<Noting>()), services => services.AddSingleton(new Noting(validated, artifact => artifact == "poor")));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "poor", 0.2), (result.Outcome, result.Artifact, result.Score));
        Assert.Equal(["good", "poor"], validated);
    }

    private sealed class Noting(ConcurrentQueue<string> asked, Func<string, bool> accepts) : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken)
        {
            asked.Enqueue(artifact);
            return new(accepts(artifact) ? Validation.Accept : Validation.Reject("It is not acceptable."));
        }
    }

    private static ValueTask<Refinement<string>> Next((string Artifact, double Score)[] of, int iteration) => new(new Refinement<string>(of[iteration - 1].Artifact, of[iteration - 1].Score));
}
