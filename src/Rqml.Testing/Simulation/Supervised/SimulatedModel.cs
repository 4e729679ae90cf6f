namespace Rqml.Testing.Simulation.Supervised;

/// <summary>A model of a supervised class: takes virtual time, stumbles now and then, and has an opinion of its own in votes.</summary>
internal sealed class SimulatedModel(World world, SimulatedProcess process, ModelDescriptor model) : IRefinementModel<byte[], byte[]>
{
    public async ValueTask<Refinement<byte[]>> RefineAsync(RefinementContext<byte[], byte[]> context, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1 + world.Draw(60)), process.Time, world.Chance(0.5) ? cancellationToken : CancellationToken.None);
        if (world.UserCode is { } userCode) await userCode();
        if (world.Chance(0.1)) throw Stumble(context.Pass);
        var before = context.HasArtifact ? Sketch.Read(context.Artifact) : default;
        var made = context.Iteration == 0 ? Voted(context, before) : SupervisedWork.Refine(context.Payload, before, context.Pass, model.Tier);
        return new Refinement<byte[]>(made.ToBytes(), Cost: world.Chance(0.5) ? null : model.Cost + world.Draw(64) / 64.0);
    }

    /// <summary>Half of those that fail say what it cost. Not drawn from the world: what happens otherwise does not depend on it.</summary>
    private static Exception Stumble(PassInfo pass) => new Hash(pass.Seed).With("stumble").Share() is var share and < 0.5
        ? new ModelFailedException("The model stumbled.", (int)(share * 128) / 64.0)
        : new InvalidOperationException("The model stumbled.");

    /// <summary>A voter that agrees leaves the artifact as it is.</summary>
    private Sketch Voted(RefinementContext<byte[], byte[]> context, Sketch artifact)
    {
        var opinion = new Hash(context.Pass.Seed).With(model.Family).Share() * 0.6;
        return artifact.Quality >= 0.2 + opinion ? artifact : new Sketch(artifact.Quality > 0.5 ? 0 : 1, artifact.Mark);
    }
}
