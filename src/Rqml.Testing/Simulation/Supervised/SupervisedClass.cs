using Rqml.Models;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>A supervised task class as a run's seed draws it: models, rules, validators, voters, and who supervises. Immutable; each process builds its own definition.</summary>
internal sealed class SupervisedClass
{
    private static readonly ModelDescriptor[] Models =
    [
        new("small", 0, "fir", 1, "cpu"), new("other", 0, "oak", 1, "cpu"), new("middle", 1, "oak", 2, "cpu"), new("large", 2, "elm", 4, "cpu"),
    ];

    private readonly World _world;
    private readonly TaskClass<byte[], byte[]> _class;
    private readonly ModelDescriptor[] _models;
    private readonly Character[] _validators;
    private readonly bool _isScored;
    private readonly bool _learns;
    private readonly ISupervisionPolicy _supervision;
    private readonly ClassPolicy _policy;

    public SupervisedClass(World world, int number)
    {
        _world = world;
        _class = new TaskClass<byte[], byte[]>($"supervised-{number}", ValueSerializer.RawArray, ValueSerializer.RawArray);
        _models = [.. Models.Take(1 + world.Draw(Models.Length)).OrderBy(model => model.Tier)];
        _validators = [.. Enumerable.Range(0, world.Draw(4)).Select(_ => (Character)world.Draw(Enum.GetValues<Character>().Length))];
        _isScored = !world.Chance(0.2);
        _learns = world.Chance(0.3);
        _supervision = world.Draw(3) switch
        {
            0 => SupervisionPolicy.Default,
            1 => new SupervisionPolicy(Ladder.Of([.. Enumerable.Range(0, world.Draw(7)).Select(_ => (Rung)world.Draw(4))])),
            _ => new DrawnPolicy(world.NextSeed(), _models),
        };
        _policy = new ClassPolicy
        {
            MaxIterations = 30,
            MaxTime = TimeSpan.FromDays(1),
            BeatTimeout = TimeSpan.FromSeconds(2),
            ValidatorTimeout = TimeSpan.FromSeconds(1),
            Rules = DrawRules(world),
            AnyRule = world.Chance(0.3),
            AcceptAt = _isScored && world.Chance(0.7) ? 0.25 + 0.125 * world.Draw(6) : null,
            Monitor = new ConvergenceMonitor { StallAfter = 2 + world.Draw(3) },
            Validators = [.. _validators.Select((character, place) => new ValidatorDescriptor($"{character} {place}", character == Character.Strict ? 1 : 0.5 + world.Draw(50) / 100.0))],
            Vote = world.Chance(0.8) ? new VotePolicy(world.Chance(0.7) ? 3 : 5, 0.9, TimeSpan.FromMilliseconds(400 + world.Draw(6_000)), world.Chance(0.3)) : null,
            DiversePasses = 2 + world.Draw(2),
        };
    }

    public ClassKey Key => _class.Key;

    public IReadOnlyList<string> Devices => [.. _models.Select(model => model.Device)];

    /// <summary>The class as a process runs it.</summary>
    public TaskClassDefinition Build(SupervisionJudge judge, SimulatedProcess process, string machine)
    {
        var watched = new WatchedPolicy(_supervision, judge, process, machine);
        var code = _models.ToDictionary(model => model.Name, model => (IRefinementModel<byte[], byte[]>)new SimulatedModel(_world, process, model));
        var validators = _validators.Select(character => new SimulatedValidator(_world, process, character)).ToArray();
        var policy = _policy with { Supervision = watched, Router = _learns ? ModelRouting.Learnt(halfLife: 20) : ModelRouting.Fixed };
        watched.Class = new TaskClassDefinition<byte[], byte[]>(
            _class, _models, code, _isScored ? new Scorer() : null, new Likeness(), validators, policy, Datasets.None, process.Time);
        judge.Know(watched.Class);
        return watched.Class;
    }

    private static ConvergenceRule[] DrawRules(World world) => [.. Enumerable.Range(0, 1 + world.Draw(2)).Select(_ => DrawRule(world))];

    private static ConvergenceRule DrawRule(World world) => world.Draw(3) switch
    {
        0 => Stability.Over(2 + world.Draw(2)).AtLeast(0.99).For(1 + world.Draw(2)),
        1 => Novelty.Below(0.02).Within(1 + world.Draw(8)),
        _ => Consistency.Over(2).AtLeast(0.9),
    };

    private sealed class Scorer : IArtifactScorer<byte[], byte[]>
    {
        public ValueTask<Score> ScoreAsync(byte[] payload, byte[] artifact, CancellationToken cancellationToken) =>
            new(new Score(Sketch.Read(artifact).Quality) { Cost = artifact[8] % 2 / 64.0 });
    }

    private sealed class Likeness : IArtifactSimilarity<byte[]>
    {
        public ValueTask<double> MeasureAsync(byte[] left, byte[] right, CancellationToken cancellationToken) => new(1 - Math.Abs(Sketch.Read(left).Quality - Sketch.Read(right).Quality));
    }
}
