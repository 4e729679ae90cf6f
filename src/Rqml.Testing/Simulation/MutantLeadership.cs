using Rqml.Cluster;
using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>Leadership with one rule broken: what it asks of the store compares less, or what the store says is not what it hears.</summary>
internal sealed class MutantLeadership(LeadershipMachine leadership, Mutant mutant) : IMachine<LeadershipEvent, LeadershipEffect>
{
    private static readonly CoordinationKeys Keys = new("rqml");

    private readonly EffectBuffer<LeadershipEffect> _made = new();
    private CoordinationEntry? _generation;      // as it was read first
    private bool _hasRead;
    private long _revision;                      // the highest that was seen
    private Term _usurped;                       // the term that it takes itself for the leader of

    public long NextDueMs => leadership.NextDueMs;

    public void Step(in LeadershipEvent @event, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        var led = leadership.Leads;
        leadership.Step(Bend(@event), nowMs, _made);
        if (mutant == Mutant.GenerationReread && (_usurped != Term.None || (led is not null && leadership.Leads is null))) KeepFromStanding();
        PassOn(effects);
        if (@event is { Kind: LeadershipEventKind.Snapshot, Snapshot: { } snapshot }) Usurp(led, snapshot, effects);
        if (_usurped == Term.None || @event.Term != _usurped) return;
        if (@event.Kind == LeadershipEventKind.Register) effects.Add(LeadershipEffect.Registered(@event.Peer!, _usurped));      // its writes compare a revision that will do
        else if (@event.Kind == LeadershipEventKind.Fence) effects.Add(LeadershipEffect.Fenced(@event.Peer!, _usurped));
    }

    public void Tick(long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        leadership.Tick(nowMs, _made);
        PassOn(effects);
    }

    /// <summary>Nobody notices that the store went back, nor that its generation was raised.</summary>
    private LeadershipEvent Bend(in LeadershipEvent @event)
    {
        if (mutant is not (Mutant.GenerationNotRaised or Mutant.CachedGeneration) || @event is not { Kind: LeadershipEventKind.Snapshot, Snapshot: { } snapshot }) return @event;
        if (!_hasRead) (_hasRead, _generation) = (true, snapshot.Find(Keys.Generation));
        _revision = Math.Max(_revision, snapshot.Revision);
        var entries = snapshot.Entries;
        if (mutant == Mutant.CachedGeneration) entries = [.. entries.Where(entry => entry.Key != Keys.Generation).Concat(_generation is null ? [] : [_generation]).OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        return LeadershipEvent.Saw(new CoordinationSnapshot(_revision, entries));
    }

    /// <summary>It takes itself for the leader of a term that nobody has begun, or that an earlier start of it has.</summary>
    private void Usurp(Term? led, CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        var (leader, raise) = (snapshot.Find(Keys.Leader), snapshot.Find(Keys.Generation));
        var named = leader is null ? null : CoordinationKeys.TryRead(leader)?.Peer;
        if (_usurped != Term.None && leader?.ModifiedRevision > raise?.ModifiedRevision && leader.ModifiedRevision != _usurped.Number)
        {
            effects.Add(LeadershipEffect.Deposed(_usurped));      // somebody has been elected since, by another revision than its own
            _usurped = Term.None;
        }

        if (leadership.Leads is not null || _usurped != Term.None) return;
        var term = mutant switch
        {
            Mutant.TermReuse when named is not null && named.Node == leadership.Self.Node && named.Incarnation != leadership.Self.Incarnation => new Term(CoordinationKeys.ReadGeneration(raise), leader!.ModifiedRevision),
            Mutant.GenerationReread when led is { } before && CoordinationKeys.ReadGeneration(raise) > before.Generation => _usurped = new Term(CoordinationKeys.ReadGeneration(raise), before.Number),
            _ => Term.None,
        };
        if (term != Term.None) effects.Add(LeadershipEffect.Elected(term, Keys.Members(snapshot).Members));
    }

    /// <summary>Whoever takes itself for the leader does not stand for election.</summary>
    private void KeepFromStanding()
    {
        var made = _made.Effects.ToArray();
        _made.Clear();
        foreach (var effect in made)
        {
            if (effect is { Kind: LeadershipEffectKind.Commit, Transaction: { } transaction } && transaction.Changes[0].Key == Keys.Leader) leadership.Step(LeadershipEvent.Refused(effect.Nonce), 0, _made);
            else _made.Add(effect);
        }
    }

    private void PassOn(EffectBuffer<LeadershipEffect> effects)
    {
        foreach (ref readonly var effect in _made.Effects) effects.Add(effect is { Kind: LeadershipEffectKind.Commit, Transaction: { } transaction } ? LeadershipEffect.Commit(effect.Nonce, Bend(transaction)) : effect);
        _made.Clear();
    }

    private CoordinationTransaction Bend(CoordinationTransaction transaction) => mutant switch
    {
        Mutant.JoinWithoutTerm when transaction.Changes[0].Key.Contains("/node/", StringComparison.Ordinal) => new CoordinationTransaction([.. transaction.Compares.Where(compare => compare is Compare.Absent)], transaction.Changes),
        Mutant.CachedGeneration => new CoordinationTransaction([.. transaction.Compares.Where(compare => compare.Key != Keys.Generation)], transaction.Changes),
        _ => transaction,
    };
}
