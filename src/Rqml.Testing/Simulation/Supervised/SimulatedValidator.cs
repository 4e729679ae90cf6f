namespace Rqml.Testing.Simulation.Supervised;

/// <summary>What kind of judge a validator is.</summary>
internal enum Character : byte
{
    /// <summary>Says what it measures.</summary>
    Honest,

    /// <summary>Measures, never errs, and has the last word.</summary>
    Strict,

    /// <summary>Accepts whatever it sees.</summary>
    Credulous,

    /// <summary>Says now this, now that.</summary>
    Fickle,

    /// <summary>Says the opposite of what it measures.</summary>
    Liar,

    /// <summary>Throws.</summary>
    Broken,

    /// <summary>Does not come back, and does not listen.</summary>
    Hanging,

    /// <summary>Is as sure as nobody can be.</summary>
    Boastful,
}

/// <summary>A validator of a supervised class.</summary>
internal sealed class SimulatedValidator(World world, SimulatedProcess process, Character character) : IArtifactValidator<byte[], byte[]>
{
    /// <summary>What an artifact has to be like.</summary>
    private const double Enough = 0.55;

    /// <summary>In 64ths, so that sums are exact.</summary>
    private double Cost => (int)character / 64.0;

    public static bool IsGood(ReadOnlySpan<byte> artifact) => Sketch.Read(artifact).Quality >= Enough;

    public async ValueTask<Validation> ValidateAsync(byte[] payload, byte[] artifact, CancellationToken cancellationToken)
    {
        if (character != Character.Strict && world.Chance(0.5)) await Task.Delay(TimeSpan.FromMilliseconds(1 + world.Draw(30)), process.Time, CancellationToken.None);
        switch (character)
        {
            case Character.Broken when world.Chance(0.7):
                throw new InvalidOperationException("The validator stumbled.");
            case Character.Hanging when world.Chance(0.7):
                await Task.Delay(TimeSpan.FromSeconds(20), process.Time, CancellationToken.None);
                break;
            case Character.Boastful:
                return Validation.Accept with { Confidence = 2, Cost = Cost };
        }

        var isGood = IsGood(artifact);
        var verdict = Say(character switch
        {
            Character.Credulous => true,
            Character.Fickle => world.Chance(0.5),
            Character.Liar => !isGood,
            _ => isGood,
        });
        return verdict with { Cost = Cost };
    }

    private Validation Say(bool isGood)
    {
        if (character == Character.Fickle && world.Chance(0.2)) return Validation.Abstain("it cannot tell");
        return isGood ? Validation.Accept : Validation.Reject($"a {character} validator does not like it");
    }
}
