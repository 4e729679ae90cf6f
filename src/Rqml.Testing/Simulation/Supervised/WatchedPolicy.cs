using Rqml.Models;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>A policy of the application's that tells the judge what it was asked, and what it said.</summary>
internal sealed class WatchedPolicy(ISupervisionPolicy policy, SupervisionJudge judge, SimulatedProcess process, string machine) : ISupervisionPolicy
{
    /// <summary>The class that it is the policy of.</summary>
    public TaskClassDefinition? Class { get; set; }

    /// <summary>The policy itself: whoever replays a record asks it, and nobody hears of it.</summary>
    public ISupervisionPolicy Policy => policy;

    public int Version => policy.Version;

    public SupervisionDecision Decide(Observation seen)
    {
        SupervisionDecision decision;
        try
        {
            decision = policy.Decide(seen);
        }
        catch (InvalidOperationException)
        {
            judge.DecidedNothing(process);
            throw;
        }

        judge.Decided(process, machine, Class!, seen, decision);
        return decision;
    }
}
