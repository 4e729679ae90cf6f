using Rqml.Supervision;

namespace Rqml.DoesItPay.Regimes;

/// <summary>
/// The usual policy, told by the score alone what has converged. A rule of convergence looks at an artifact twice or more; models that are functions would say
/// the same again, and regimes without Rqml do not ask them either.
/// </summary>
internal sealed class ConvergedWhen(Func<Observation, bool> converged, IEscalationPolicy escalation) : ISupervisionPolicy
{
    private readonly SupervisionPolicy _policy = new(escalation);

    public int Version => _policy.Version;

    public SupervisionDecision Decide(Observation seen) =>
        _policy.Decide(seen.Kind == ObservationKind.Refined ? seen with { Converged = converged(seen) } : seen);
}
