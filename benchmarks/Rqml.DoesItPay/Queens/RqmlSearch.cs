using GraphColouring.Queens;
using Microsoft.Extensions.Hosting;
using Rqml.DoesItPay.Measuring;
using Rqml.DoesItPay.Regimes;
using Rqml.Models.Routing;
using Rqml.Supervision;

namespace Rqml.DoesItPay.Queens;

/// <summary>A board is a task: min-conflicts begins, and the ladder says what is tried where it is stuck.</summary>
internal sealed class RqmlSearch : IColouringRegime
{
    private static readonly TaskClass<ColouringJob, Colouring> Class = new("colour", ColouringJson.Default.ColouringJob, ColouringJson.Default.Colouring);

    private readonly IHost _host;

    private RqmlSearch(string name, CallMeter calls, IHost host) => (Name, Calls, _host) = (name, calls, host);

    public string Name { get; }

    public CallMeter Calls { get; }

    /// <summary>A larger model, then again and again another model and several at once; routed by tiers.</summary>
    public static Task<RqmlSearch> WithoutVotesAsync() => StartAsync("Rqml without votes", ModelRouting.Fixed, [Rung.Reroute, Rung.Diversify]);

    /// <summary>The same with votes, by a router that learns from board to board.</summary>
    public static Task<RqmlSearch> WithVotesAsync() => StartAsync("Rqml", ModelRouting.Learnt(), [Rung.Reroute, Rung.Diversify, Rung.Vote]);

    public async ValueTask<Colouring> SolveAsync(ColouringJob job)
    {
        // The key gives each board and seed its own randomness, the same in every run.
        var options = new SubmitOptions { IdempotencyKey = $"{job.Size}-{job.Colours}-{job.Seed}", Difficulty = Math.Clamp((job.Size - 4) / 8.0, 0, 1) };
        return await _host.RunAsync(Class, job, options);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static async Task<RqmlSearch> StartAsync(string name, IModelRouter router, Rung[] round)
    {
        var calls = new CallMeter();
        var ladder = Ladder.Of([Rung.LargerModel, .. round, .. round, .. round, .. round, .. round]);
        var host = await OneNode.StartAsync(rqml => rqml.AddTaskClass(Class, boards =>
        {
            foreach (var model in (SearchModel[])[SearchModel.MinConflicts, SearchModel.TabuCol, SearchModel.Annealing])
            {
                boards.AddModel(model.Name, (context, _) => new(calls.Charge(() => model.Improver.Improve(context.Artifact, context.Payload, context.Pass.Seed))), model.Tier, model.Family, model.Cost);
            }

            boards
                .RouteWith(router)
                .ScoreWith<OneOverConflicts>()
                .AcceptAt(1)
                .ValidateWith<SolvesIt>(reliability: 1)
                .Monitor(stallAfter: SearchModel.Patience)
                .Vote(voters: 3, weighted: true)
                .SuperviseWith(new ConvergedWhen(seen => seen.Score >= seen.AcceptAt, ladder))
                .Limit(iterations: 1_000, cost: SearchModel.Budget);
        }));
        return new RqmlSearch(name, calls, host);
    }
}

/// <summary>The score: 1 without a conflict.</summary>
internal sealed class OneOverConflicts : IArtifactScorer<ColouringJob, Colouring>
{
    public ValueTask<Score> ScoreAsync(ColouringJob payload, Colouring artifact, CancellationToken cancellationToken) => new(Verifier.Score(artifact));
}

/// <summary>An exact check.</summary>
internal sealed class SolvesIt : IArtifactValidator<ColouringJob, Colouring>
{
    public ValueTask<Validation> ValidateAsync(ColouringJob payload, Colouring artifact, CancellationToken cancellationToken) =>
        new(Verifier.Accepts(payload, artifact) ? Validation.Accept : Validation.Reject("it has conflicts"));
}
