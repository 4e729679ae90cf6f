using System.Text;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Testing.Exploration;

namespace Rqml.Core.Tests.Cluster;

/// <summary>
/// Two candidates on the shipped leadership machine and one store. A call may be carried out and answered, carried out without an answer, carried out long after
/// its caller gave up, or never; leases run out; a candidate crashes and comes back; the operator restores a backup and raises the generation.
/// </summary>
internal sealed class TermModel
{
    private const int Candidates = 2;

    private static readonly CoordinationKeys Keys = new("explored");
    private static readonly Peer Node = new(new NodeId("node"), new Incarnation(99), "");

    private readonly Instance _instance;
    private readonly List<Call> _calls = [];
    private readonly LeadershipMachine?[] _machines = new LeadershipMachine?[Candidates];
    private readonly int[] _starts = new int[Candidates];
    private readonly SortedDictionary<Term, Peer> _elected = [];
    private ModelStore _store = ModelStore.Empty;
    private ModelStore? _backup;
    private int _elections;
    private int _lost;
    private int _expired;
    private int _crashes;
    private bool _hasRestored;
    private string? _violation;

    public TermModel(Instance instance)
    {
        _instance = instance;
        for (var candidate = 0; candidate < Candidates; candidate++) Start(candidate);
    }

    private TermModel(TermModel from)
    {
        _instance = from._instance;
        _calls.AddRange(from._calls);
        for (var candidate = 0; candidate < Candidates; candidate++) (_machines[candidate], _starts[candidate]) = (from._machines[candidate]?.Clone(), from._starts[candidate]);
        foreach (var (term, leader) in from._elected) _elected.Add(term, leader);
        (_store, _backup, _elections, _lost, _expired, _crashes, _hasRestored) = (from._store, from._backup, from._elections, from._lost, from._expired, from._crashes, from._hasRestored);
    }

    public string? Violation => _violation;

    /// <summary>Somebody leads, and knows; or the instance ends here.</summary>
    public bool IsGoal => _elections > _instance.Elections || (_store.Entries.TryGetValue(Keys.Leader, out var leader) && _machines.Any(machine => machine?.Leads?.Number == leader.ModifiedRevision));

    public IEnumerable<Move<TermModel>> Moves()
    {
        for (var index = 0; index < _calls.Count; index++)
        {
            var (call, at) = (_calls[index], index);
            yield return On($"{call.Name} done", model => model.Carry(at, isAnswered: true));
            if (_lost == _instance.Lost || call.IsOrphan) continue;
            yield return On($"{call.Name} done, answer lost", model => model.Lose(at, isCarriedOut: true), isFault: true);
            yield return On($"{call.Name} late", model => model.Lose(at, isCarriedOut: false), isFault: true);
        }

        for (var candidate = 0; candidate < Candidates; candidate++)
        {
            var number = candidate;
            if (_machines[candidate] is null) yield return On($"{candidate} starts", model => model.Start(number));
            else if (_machines[candidate]!.NextDueMs < 60_000 && !_calls.Exists(call => call.Candidate == number && !call.IsOrphan)) yield return On($"{candidate} tries again", model => model.Tick(number));
            if (_machines[candidate] is not null && _hasRestored) yield return On($"the watch tells {candidate}", model => model.Feed(number, LeadershipEvent.Saw(model._store.Snapshot)));
            if (_machines[candidate] is not null && _crashes < _instance.Crashes) yield return On($"{candidate} crashes", model => model.Crash(number), isFault: true);
        }

        foreach (var lease in _store.Leases)
        {
            if (_expired < _instance.Expiries) yield return On($"lease {lease} runs out", model => model.Expire(lease), isFault: true);
        }

        if (_backup is null && _instance.HasBackup) yield return On("backup", model => model._backup = model._store, isFault: true);
        if (_backup is not null && !_hasRestored) yield return On("restore and raise", model => model.Restore(), isFault: true);
    }

    public UInt128 Fingerprint()
    {
        var text = new StringBuilder(_store.Describe()).Append('|').Append(_backup?.Describe()).Append('|');
        foreach (var machine in _machines) text.Append(machine?.Describe()).Append('|');
        text.AppendJoin(',', _calls.Select(call => call.Describe()).Order(StringComparer.Ordinal)).Append('|').AppendJoin(',', _elected.Select(entry => $"{entry.Key}={entry.Value}"));
        text.Append('|').AppendJoin(',', _starts).Append($"{_elections} {_lost} {_expired} {_crashes} {_hasRestored}");
        return Rqml.Testing.Exploration.Fingerprint.Of(text.ToString());
    }

    private Move<TermModel> On(string name, Action<TermModel> change, bool isFault = false)
    {
        var next = new TermModel(this);
        change(next);
        return new Move<TermModel>(name, next, isFault);
    }

    private void Start(int candidate)
    {
        var self = new Peer(new NodeId($"candidate-{candidate}"), new Incarnation((ulong)(candidate * 100 + ++_starts[candidate])), "");
        _machines[candidate] = new LeadershipMachine(self, Keys, isCandidate: true, self.Incarnation.Value);
        Tick(candidate);
    }

    private void Tick(int candidate)
    {
        var effects = new EffectBuffer<LeadershipEffect>();
        _machines[candidate]!.Tick(_machines[candidate]!.NextDueMs, effects);
        CarryOut(candidate, effects);
    }

    private void Feed(int candidate, in LeadershipEvent @event)
    {
        if (_machines[candidate] is not { } machine) return;
        var effects = new EffectBuffer<LeadershipEffect>();
        TermMutants.Step(machine, _instance.Mutant, @event, Keys, effects);
        CarryOut(candidate, effects);
    }

    private void CarryOut(int candidate, EffectBuffer<LeadershipEffect> effects)
    {
        foreach (var effect in effects.Effects.ToArray())
        {
            switch (effect.Kind)
            {
                case LeadershipEffectKind.Commit when effect.Transaction!.Changes[0].Key == Keys.Leader && ++_elections > _instance.Elections:
                    break;      // enough for this instance: this one is never answered
                case LeadershipEffectKind.GrantLease or LeadershipEffectKind.ReadAll or LeadershipEffectKind.Commit:
                    _calls.Add(new Call(candidate, _starts[candidate], effect, IsOrphan: false));
                    break;
                case LeadershipEffectKind.Elected:
                    Elect(candidate, effect.Term);
                    break;
                case LeadershipEffectKind.Fenced when !_store.Entries.ContainsKey(Keys.Fence(Node.Node, Node.Incarnation)):
                    _violation = "(f) a fence was answered, and is not in the store";
                    break;
            }
        }
    }

    /// <summary>Whoever is elected begins to count its epochs at one: no term may begin twice.</summary>
    private void Elect(int candidate, Term term)
    {
        var self = _machines[candidate]!.Self;
        if (!_elected.TryAdd(term, self)) _violation = $"(d) term {term} was begun by {_elected[term]} and by {self}";
        if (_instance.Fences) Feed(candidate, LeadershipEvent.Fence(Node, term));
    }

    private void Carry(int index, bool isAnswered)
    {
        var call = _calls[index];
        _calls.RemoveAt(index);
        var effect = call.Effect;
        switch (effect.Kind)
        {
            case LeadershipEffectKind.GrantLease:
                _store = _store.Grant();
                if (isAnswered) Answer(call, LeadershipEvent.Granted(new LeaseId(_store.LastLease)));
                break;
            case LeadershipEffectKind.ReadAll:
                if (isAnswered) Answer(call, LeadershipEvent.Read(_store.Snapshot, effect.Term));
                break;
            case LeadershipEffectKind.Commit:
                var after = _store.Commit(effect.Transaction!);
                var isApplied = after.Revision > _store.Revision;
                _store = after;
                if (isAnswered) Answer(call, isApplied ? LeadershipEvent.Committed(effect.Nonce, after.Revision) : LeadershipEvent.Refused(effect.Nonce));
                break;
        }
    }

    private void Answer(Call call, in LeadershipEvent answer)
    {
        if (!call.IsOrphan && call.Start == _starts[call.Candidate]) Feed(call.Candidate, answer);
    }

    /// <summary>The caller hears nothing; what it asked was done, or will be done later, when nobody waits for it.</summary>
    private void Lose(int index, bool isCarriedOut)
    {
        _lost++;
        var call = _calls[index];
        if (isCarriedOut) Carry(index, isAnswered: false);
        else if (call.Effect.Kind == LeadershipEffectKind.Commit) _calls[index] = call with { IsOrphan = true };
        else _calls.RemoveAt(index);
        Answer(call, call.Effect.Kind == LeadershipEffectKind.GrantLease ? LeadershipEvent.GrantFailed() : LeadershipEvent.Unavailable(call.Effect.Nonce));
    }

    private void Crash(int candidate)
    {
        _crashes++;
        _machines[candidate] = null;
        for (var index = _calls.Count - 1; index >= 0; index--)
        {
            if (_calls[index].Candidate != candidate) continue;
            if (_calls[index].Effect.Kind == LeadershipEffectKind.Commit) _calls[index] = _calls[index] with { IsOrphan = true };
            else _calls.RemoveAt(index);
        }
    }

    private void Expire(long lease)
    {
        _expired++;
        _store = _store.Expire(lease);
        for (var candidate = 0; candidate < Candidates; candidate++) Feed(candidate, LeadershipEvent.LeaseGone());
    }

    private void Restore()
    {
        _hasRestored = true;
        var restored = _backup!;
        var generation = new Change.Put(Keys.Generation, CoordinationKeys.Write(2, 1));
        _store = restored.Commit(new CoordinationTransaction([], [generation])) with { LastLease = _store.LastLease, Leases = _store.Leases };
        _backup = ModelStore.Empty;
        for (var candidate = 0; candidate < Candidates; candidate++) Feed(candidate, LeadershipEvent.PeerGone(Node));
    }

    /// <summary>How large the instance is.</summary>
    public readonly record struct Instance(int Elections, int Lost, int Expiries, int Crashes, bool HasBackup, bool Fences, TermMutant Mutant = TermMutant.None);

    private readonly record struct Call(int Candidate, int Start, LeadershipEffect Effect, bool IsOrphan)
    {
        public string Name => $"{Candidate}.{Start} {Effect.Kind}{(IsOrphan ? " (late)" : "")}";

        public string Describe() => $"{Name} {Effect.Nonce:x} {(Effect.Transaction is { } transaction ? string.Join('&', transaction.Compares) : "")}";
    }
}
