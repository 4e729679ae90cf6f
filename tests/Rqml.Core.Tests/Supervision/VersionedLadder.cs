using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

/// <summary>The usual ladder with the version that a test gives it.</summary>
internal sealed class VersionedLadder(int version) : IEscalationPolicy
{
    public int Version => version;

    public SupervisionDecision Next(Observation seen, string setback) => Ladder.Default.Next(seen, setback);
}
