using System.Globalization;
using Rqml.Tasks;

namespace Rqml.Models.Routing;

/// <summary>
/// Learns what each model gains for what it costs, easy, middling and hard tasks apart, and draws from what it believes. What it has learnt is this process's own
/// and ends with it. Thread-safe.
/// </summary>
/// <remarks>
/// Thompson 1933, on a <see cref="RewardTable"/>: for each candidate a gain is drawn that a call of it might bring, and the most gain for the declared cost is
/// chosen. As no call gains more than 1, a model that is dearer than another by more than the other gains is not even tried: it could not pay.
/// </remarks>
internal sealed class ThompsonRouter(double halfLife) : IModelRouter
{
    // A call may as well gain anything.
    private static readonly GainBelief Anything = new(1, 1);

    // Of the dearest candidate's cost: what a model that costs nothing is taken to cost, so that it has to gain something all the same.
    private const double LeastCostShare = 0.001;

    private readonly Lock _lock = new();
    private readonly RewardTable _rewards = new(Anything, halfLife);

    /// <summary>Drawn by the request's seed: the same of what was learnt, asked with the same seed, chooses the same.</summary>
    public string Choose(RoutingRequest request)
    {
        var bucket = BucketOf(request.Difficulty);
        lock (_lock) return request is { Explore: true, Current: { } current } ? LeastKnownLocked(request, current, bucket) : BestPayingLocked(request, bucket);
    }

    public void Learn(StintReport stint)
    {
        if (double.IsNaN(stint.Gain)) return;      // nobody scored it
        lock (_lock) _rewards.Learn(stint.Model.Name, BucketOf(stint.Difficulty), Math.Clamp(stint.Gain / CallsIn(stint), 0, 1));
    }

    /// <summary>What it has learnt, a line for each model and difficulty.</summary>
    public override string ToString()
    {
        IReadOnlyList<Reward> rewards;
        lock (_lock) rewards = _rewards.Snapshot();
        if (rewards.Count == 0) return "nothing learnt yet";
        return string.Join('\n', rewards.Select(reward => string.Create(
            CultureInfo.InvariantCulture, $"{Describe(reward.Bucket)} tasks: {reward.Model} gains {reward.Mean:0.####} a call, by {reward.Weight:0.#} stints")));
    }

    private string BestPayingLocked(RoutingRequest request, int bucket)
    {
        var random = new SplitMix64(request.Seed);
        var dearest = request.Candidates.Max(model => model.Cost);
        var least = dearest > 0 ? dearest * LeastCostShare : 1;
        var (best, most) = (request.Candidates[0], double.NegativeInfinity);
        foreach (var model in request.Candidates)
        {
            var pays = _rewards.Sample(model.Name, bucket, ref random) / Math.Max(model.Cost, least);
            if (pays > most) (best, most) = (model, pays);
        }

        return best.Name;
    }

    /// <summary>For the task's sake one that has not worked on it, of another family; for the router's, the one that it knows least of.</summary>
    private string LeastKnownLocked(RoutingRequest request, ModelDescriptor current, int bucket) => request.Candidates
        .OrderBy(model => request.Used.Contains(model.Name))
        .ThenBy(model => model.Family == current.Family)
        .ThenBy(model => _rewards.Weight(model.Name, bucket))
        .First().Name;

    /// <summary>The stint in calls of the model at its declared cost: more than its iterations where others took part, or where it cost more than it declares.</summary>
    private static double CallsIn(StintReport stint)
    {
        var iterations = Math.Max(1, stint.Iterations);
        return stint.Model.Cost > 0 ? Math.Max(1, stint.Cost / stint.Model.Cost) : iterations;
    }

    private static int BucketOf(double difficulty) => Math.Clamp((int)(difficulty * RewardTable.Buckets), 0, RewardTable.Buckets - 1);

    private static string Describe(int bucket) => bucket switch
    {
        0 => "easy",
        1 => "middling",
        _ => "hard",
    };
}
