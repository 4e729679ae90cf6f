using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Stands at the border of each machine: what the shipped machine decides may be bent on its way to the shipped shell, to break one rule, and the judge sees what
/// schedulers decide.
/// </summary>
internal sealed class Interposer(World world, Mutant mutant, Judge judge, SimulatedNetwork network, SimulatedProcess process, string endpoint) : IInterposer
{
    /// <summary>Whether somebody forges ballots.</summary>
    public bool Forges { get; init; }

    public IMachine<TEvent, TEffect> Interpose<TEvent, TEffect>(IMachine<TEvent, TEffect> machine)
        where TEvent : struct
        where TEffect : struct, IEffect =>
        machine switch
        {
            SchedulerMachine scheduler => (IMachine<TEvent, TEffect>)(object)Watched(mutant == Mutant.None ? scheduler : new MutantScheduler(scheduler, mutant)),
            LedgerMachine ledger when mutant != Mutant.None => (IMachine<TEvent, TEffect>)(object)new MutantLedger(ledger, mutant),
            NodeMachine node => (IMachine<TEvent, TEffect>)(object)new NodeWatch(mutant == Mutant.None ? node : new MutantNode(node, mutant), judge, process),
            LeadershipMachine leadership => (IMachine<TEvent, TEffect>)(object)new LeadershipWatch(mutant == Mutant.None ? leadership : new MutantLeadership(leadership, mutant), judge, endpoint),
            _ => machine,
        };

    public IMessageReceiver Interpose(IMessageReceiver receiver) => network.Hears(endpoint, new LossyReceiver(world, network, process, endpoint, receiver));

    private SchedulerWatch Watched(IMachine<SchedulerEvent, SchedulerEffect> scheduler)
    {
        var count = new BallotCount(world, judge);
        return new SchedulerWatch(Forges ? new ForgedBallots(scheduler, world, count) : scheduler, judge, count, endpoint);
    }
}
