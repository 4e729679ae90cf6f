using Rqml.Cluster;
using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>Leadership with one rule broken: what it asks of the store compares less.</summary>
internal sealed class MutantLeadership(LeadershipMachine leadership, Mutant mutant) : IMachine<LeadershipEvent, LeadershipEffect>
{
    private readonly EffectBuffer<LeadershipEffect> _made = new();

    public long NextDueMs => leadership.NextDueMs;

    public void Step(in LeadershipEvent @event, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        leadership.Step(@event, nowMs, _made);
        PassOn(effects);
    }

    public void Tick(long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        leadership.Tick(nowMs, _made);
        PassOn(effects);
    }

    private void PassOn(EffectBuffer<LeadershipEffect> effects)
    {
        foreach (ref readonly var effect in _made.Effects) effects.Add(mutant == Mutant.JoinWithoutTerm ? Bend(effect) : effect);
        _made.Clear();
    }

    private static LeadershipEffect Bend(in LeadershipEffect effect)
    {
        if (effect is not { Kind: LeadershipEffectKind.Commit, Transaction: { } transaction } || !transaction.Changes[0].Key.Contains("/node/", StringComparison.Ordinal)) return effect;
        return LeadershipEffect.Commit(effect.Nonce, new CoordinationTransaction([.. transaction.Compares.Where(compare => compare is Compare.Absent)], transaction.Changes));
    }
}
