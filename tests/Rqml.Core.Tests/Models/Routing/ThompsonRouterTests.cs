using FsCheck.Xunit;
using Rqml.Core.Tests.Hosting;
using Rqml.Models.Routing;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Models.Routing;

public sealed class ThompsonRouterTests
{
    private static readonly ModelDescriptor Small = new("small", 0, "a", Cost: 1, "cpu");
    private static readonly ModelDescriptor Large = new("large", 1, "b", Cost: 10, "cpu");
    private static readonly ModelDescriptor Other = new("other", 1, "c", Cost: 10, "cpu");

    [Theory]
    [InlineData(0.1, 0.8, "small")]        // 0.1 against 0.08 for a cost of 1
    [InlineData(0.05, 0.8, "large")]       // 0.05 against 0.08
    public void It_comes_to_call_the_model_that_gains_most_for_its_cost(double smallGains, double largeGains, string pays)
    {
        var world = new World(new ThompsonRouter(halfLife: 200), (Small, smallGains), (Large, largeGains));
        world.Run(500);
        Assert.InRange(world.Run(1_000).Count(choice => choice == pays), 700, 999);
    }

    [Fact]
    public void It_keeps_trying_the_others_now_and_then_and_notices_when_one_of_them_becomes_better()
    {
        var router = new ThompsonRouter(halfLife: 50);
        var before = new World(router, (Large, 0.6), (Other, 0.3)).Run(1_000);
        var after = new World(router, (Large, 0.3), (Other, 0.6)).Run(1_000);
        Assert.InRange(before.Skip(500).Count(choice => choice == "other"), 1, 100);
        Assert.InRange(after.Skip(500).Count(choice => choice == "other"), 400, 500);
    }

    [Fact]
    public void What_pays_for_easy_tasks_says_nothing_about_hard_ones()
    {
        var router = new ThompsonRouter(halfLife: double.PositiveInfinity);
        for (var stint = 0; stint < 200; stint++)
        {
            router.Learn(Stint(Large, gain: 0.9, difficulty: 0.2));
            router.Learn(Stint(Other, gain: 0.1, difficulty: 0.2));
            router.Learn(Stint(Large, gain: 0.1, difficulty: 0.9));
            router.Learn(Stint(Other, gain: 0.9, difficulty: 0.9));
        }

        Assert.All(Enumerable.Range(0, 100), seed => Assert.Equal("large", router.Choose(Ask(0.2, (ulong)seed, Large, Other))));
        Assert.All(Enumerable.Range(0, 100), seed => Assert.Equal("other", router.Choose(Ask(0.9, (ulong)seed, Large, Other))));
        Assert.InRange(Enumerable.Range(0, 100).Count(seed => router.Choose(Ask(0.5, (ulong)seed, Large, Other)) == "large"), 25, 75);
    }

    [Property]
    public void The_same_knowledge_and_seed_choose_the_same(byte[] stints, ulong seed, byte difficulty)
    {
        var (one, other) = (new ThompsonRouter(halfLife: 20), new ThompsonRouter(halfLife: 20));
        foreach (var router in (ThompsonRouter[])[one, other])
        {
            foreach (var stint in stints) router.Learn(Stint(stint % 2 == 0 ? Small : Large, stint / 255.0, difficulty / 255.0));
        }

        var asked = Ask(difficulty / 255.0, seed, Small, Large, Other);
        Assert.Equal(one.Choose(asked), other.Choose(asked));
        Assert.Equal(one.Choose(asked), one.Choose(asked));
        Assert.Equal(one.ToString(), other.ToString());
    }

    [Property]
    public void A_choice_is_always_a_candidate_whatever_the_costs(double[] costs, bool explore, double difficulty, ulong seed)
    {
        ModelDescriptor[] models = [Small, .. costs.Select((cost, place) => Large with { Name = $"{place}", Cost = double.IsFinite(cost) ? Math.Abs(cost) : 0 })];
        var asked = Ask(difficulty, seed, models) with { Explore = explore, Current = Small, Used = ["small"] };
        Assert.Contains(models, model => model.Name == new ThompsonRouter(halfLife: 20).Choose(asked));
    }

    [Fact]
    public void A_stint_of_many_calls_pays_less_than_one_call_that_gains_the_same()
    {
        var router = new ThompsonRouter(halfLife: double.PositiveInfinity);
        for (var stint = 0; stint < 100; stint++)
        {
            router.Learn(new StintReport(Large, 0.5, Gain: 0.8, Iterations: 8, Cost: 80));
            router.Learn(new StintReport(Other, 0.5, Gain: 0.8, Iterations: 1, Cost: 10));
        }

        Assert.All(Enumerable.Range(0, 100), seed => Assert.Equal("other", router.Choose(Ask(0.5, (ulong)seed, Large, Other))));
    }

    [Fact]
    public void A_model_that_costs_nothing_has_to_gain_something_all_the_same()
    {
        var free = Small with { Cost = 0 };
        var world = new World(new ThompsonRouter(halfLife: 10_000), (free, 0), (Large, 0.9));
        world.Run(20_000);
        Assert.InRange(world.Run(1_000).Count(choice => choice == "large"), 500, 1_000);
        Assert.InRange(new World(new ThompsonRouter(200), (free, 0.5), (Large, 0.9)).Run(1_000).Count(choice => choice == "small"), 990, 1_000);
        Assert.InRange(new World(new ThompsonRouter(200), (free, 0.1), (Large with { Cost = 0 }, 0.6)).Run(1_000).Count(choice => choice == "large"), 850, 1_000);
    }

    [Fact]
    public void Exploring_it_takes_an_unused_model_of_another_family_and_of_those_the_one_that_it_knows_least()
    {
        var router = new ThompsonRouter(halfLife: double.PositiveInfinity);
        var (third, cousin) = (Other with { Name = "third", Family = "d" }, Large with { Name = "cousin" });
        router.Learn(Stint(Other, gain: 1));
        var asked = Ask(0.5, seed: 1, Small, Other, third, cousin) with { Explore = true, Current = Large, Used = ["small", "large"] };

        Assert.Equal("third", router.Choose(asked));
        router.Learn(Stint(third, gain: 1));
        router.Learn(Stint(third, gain: 1));
        Assert.Equal("other", router.Choose(asked));
        Assert.Equal("cousin", router.Choose(asked with { Used = ["small", "large", "other", "third"] }));
        Assert.Equal("small", router.Choose(asked with { Used = ["small", "large", "other", "third", "cousin"] }));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public async Task It_learns_from_a_stint_that_was_scored_and_from_no_other(double? confidence)
    {
        var router = ModelRouting.Learnt();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords((_, _) => new(new Refinement<string>("same", confidence)), words => words.RouteWith(router)));

        await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal(confidence is null, router.ToString() == "nothing learnt yet");
        router.Learn(Stint(Small, gain: double.NaN));
    }

    [Fact]
    public void Routers_learn_apart_and_lanes_may_ask_one_at_once()
    {
        var (one, other) = (ModelRouting.Learnt(), ModelRouting.Learnt());
        Parallel.For(0, 1_000, stint =>
        {
            one.Learn(Stint(Small, gain: 0.5));
            one.Choose(Ask(0.5, (ulong)stint, Small, Large));
        });

        Assert.StartsWith("middling tasks: small gains 0.5 a call", one.ToString());
        Assert.Equal("nothing learnt yet", other.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelRouting.Learnt(halfLife: 0));
        Assert.Same(ModelRouting.Fixed, ModelRouting.Fixed);
    }

    private static StintReport Stint(ModelDescriptor model, double gain, double difficulty = 0.5) => new(model, difficulty, gain, Iterations: 1, model.Cost);

    private static RoutingRequest Ask(double difficulty, ulong seed, params ModelDescriptor[] candidates) => new() { Candidates = candidates, Difficulty = difficulty, Seed = seed };

    /// <summary>Models that gain what they gain, give or take a little.</summary>
    private sealed class World(ThompsonRouter router, params (ModelDescriptor Model, double Gain)[] models)
    {
        private SplitMix64 _random = new(7);

        public string[] Run(int stints)
        {
            var choices = new string[stints];
            foreach (ref var choice in choices.AsSpan())
            {
                var chosen = choice = router.Choose(Ask(0.5, _random.Next(), [.. models.Select(one => one.Model)]));
                var (model, gain) = models.First(one => one.Model.Name == chosen);
                router.Learn(Stint(model, Math.Min(1, gain * (0.5 + _random.NextDouble()))));
            }

            return choices;
        }
    }
}
