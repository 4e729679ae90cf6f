namespace Rqml.Supervision;

/// <summary>
/// Decides what is tried when a loop does not get on: after a stall, an oscillation or a divergence, below the bar, refused by validators, or without a quorum.
/// Pure and thread-safe, as <see cref="ISupervisionPolicy"/> is. <see cref="Ladder"/> is the usual one.
/// </summary>
public interface IEscalationPolicy
{
    /// <summary>Version of the policy, from 0 to 999; raise it when it decides otherwise. Recorded with each decision as the last three digits of the policy's.</summary>
    int Version { get; }

    /// <summary>What to try next, or how to end.</summary>
    /// <param name="seen">What happened.</param>
    /// <param name="setback">The same in words, for the reason of the decision.</param>
    SupervisionDecision Next(Observation seen, string setback);
}
