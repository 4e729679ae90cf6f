namespace Rqml.Supervision;

/// <summary>
/// What is tried one after the other when a loop does not get on; on its end the task ends with the best artifact. A rung that is not there, such as a larger
/// model after the largest, is passed over. Progress after a rung leads back by one, once, so that the next setback tries that rung again.
/// </summary>
public sealed class Ladder : IEscalationPolicy
{
    private readonly Rung[] _rungs;

    private Ladder(Rung[] rungs, int version) => (_rungs, Version) = (rungs, version);

    /// <summary>Larger model, other routing, diversity, vote.</summary>
    public static Ladder Default { get; } = new([Rung.LargerModel, Rung.Reroute, Rung.Diversify, Rung.Vote], version: 1);

    /// <summary>Its rungs, from the first to be tried.</summary>
    public IReadOnlyList<Rung> Rungs => _rungs;

    /// <summary>1, or what <see cref="WithVersion"/> says. It does not follow from the rungs: who changes them raises it.</summary>
    public int Version { get; }

    /// <summary>A ladder of these rungs, from the first to be tried; up to 16.</summary>
    public static Ladder Of(params Rung[] rungs)
    {
        ArgumentNullException.ThrowIfNull(rungs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rungs.Length, 16, nameof(rungs));
        foreach (var rung in rungs)
        {
            if (!Enum.IsDefined(rung)) throw new ArgumentOutOfRangeException(nameof(rungs), rung, "There is no such rung.");
        }

        return new([.. rungs], version: 1);
    }

    /// <summary>The same ladder as this version of it, from 0 to 999: for whoever changes its rungs and wants to tell apart which of them a recorded decision climbed.</summary>
    public Ladder WithVersion(int version) => new(_rungs, EscalationVersion.Checked(version, nameof(version)));

    /// <inheritdoc/>
    public SupervisionDecision Next(Observation seen, string setback)
    {
        ArgumentNullException.ThrowIfNull(seen);
        for (var rung = Math.Max(0, seen.Rung); rung < _rungs.Length; rung++)
        {
            if (Climb(_rungs[rung], rung, seen, setback) is { } decision) return decision;
        }

        return End(seen, $"{setback}, and there is nothing left to try") with { Rung = _rungs.Length };
    }

    /// <summary>The rung of larger models stays the next one for as long as there is a larger model.</summary>
    private static SupervisionDecision? Climb(Rung rung, int index, Observation seen, string setback) => rung switch
    {
        Rung.LargerModel when seen.HasLargerModel => SupervisionDecision.Escalate($"{setback}: a larger model") with { Rung = index },
        Rung.Reroute when seen.HasOtherModel => SupervisionDecision.Reroute($"{setback}: another model") with { Rung = index + 1 },
        Rung.Diversify => SupervisionDecision.Diversify($"{setback}: several passes at once") with { Rung = index + 1 },
        Rung.Vote when seen.CanVote && seen.Iteration > 0 => SupervisionDecision.Vote($"{setback}: a vote") with { Rung = index + 1 },
        _ => null,
    };

    private static SupervisionDecision End(Observation seen, string reason) => seen.Rejections > 0 ? SupervisionDecision.Reject(reason) : SupervisionDecision.Terminate(reason);
}

/// <summary>One thing to try.</summary>
public enum Rung
{
    /// <summary>A model of a higher tier.</summary>
    LargerModel = 0,

    /// <summary>Another model, of another family if there is one; the router explores instead of exploiting.</summary>
    Reroute = 1,

    /// <summary>Several passes an iteration, of as many families as there are; the best is taken.</summary>
    Diversify = 2,

    /// <summary>A vote on the best artifact.</summary>
    Vote = 3,
}
