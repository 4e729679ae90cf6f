using Rqml.Cluster;
using Rqml.Hosting;

namespace Rqml.Core.Tests.Cluster;

/// <summary>
/// A rule of terms, broken on purpose. An election that does not compare the generation is not among them: the leader also reads the store back before it says
/// that it leads, and steps down there; explored with 936,371 states, that mutant breaks nothing.
/// </summary>
public enum TermMutant
{
    None,

    /// <summary>The key names a process, not a start of it: one that comes back goes on in its predecessor's term.</summary>
    TermReuse,

    /// <summary>A leader reads a raised generation and keeps its term.</summary>
    GenerationReread,
}

/// <summary>Bends what the shipped machine hears and decides.</summary>
internal static class TermMutants
{
    public static void Step(LeadershipMachine machine, TermMutant mutant, in LeadershipEvent @event, CoordinationKeys keys, EffectBuffer<LeadershipEffect> effects)
    {
        var before = machine.Leads;
        var made = new EffectBuffer<LeadershipEffect>();
        machine.Step(@event, 0, made);
        foreach (var effect in made.Effects) effects.Add(effect);
        if (@event is not { Kind: LeadershipEventKind.Snapshot, Snapshot: { } snapshot } || snapshot.Find(keys.Leader) is not { } leader) return;
        var generation = CoordinationKeys.ReadGeneration(snapshot.Find(keys.Generation));
        var named = CoordinationKeys.Read(leader).Peer;
        if (mutant == TermMutant.TermReuse && machine.Leads is null && named.Node == machine.Self.Node && named.Incarnation != machine.Self.Incarnation)
        {
            effects.Add(LeadershipEffect.Elected(new Term(generation, leader.ModifiedRevision), []));
        }

        if (mutant == TermMutant.GenerationReread && before is { } term && generation > term.Generation && machine.Leads is null)
        {
            effects.Add(LeadershipEffect.Elected(new Term(generation, term.Number), []));
        }
    }
}
