using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Cluster;

/// <summary>
/// Decides who leads, by the coordination store alone: an election is one compare-and-swap of the key <c>leader</c>, and its revision is the term. Whatever
/// a leader writes later is compared with that revision in the store itself, so that it never rests on the belief to hold a lease.
/// </summary>
/// <remarks>
/// The generation and the term of a leader are fixed at its election: reading the generation again and keeping the term would issue epochs twice. The key
/// names a start of a process, not a process: one that comes back does not go on with the numbers of its predecessor.
/// A store that has gone back behind what this node knows of it, was restored from a backup: it would issue terms a second time, and has forgotten fences. It is
/// refused until an operator has raised its generation, which also ends whatever leadership it holds.
/// </remarks>
internal sealed class LeadershipMachine : IMachine<LeadershipEvent, LeadershipEffect>
{
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(5);

    private const long RenewEveryMs = 1_700;
    private const long ListAgainMs = 60_000;
    private const long ListStuckMs = 5_000;
    private const long FirstRetryMs = 50;
    private const long LongestRetryMs = 5_000;
    private const int KeptElections = 8;

    /// <summary>After so long without an answer the store counts as lost: as long as a silent node is waited for.</summary>
    public const long LostAfterMs = 5_000;

    private const int MostForgotten = 32;      // fences at a time

    /// <summary>A fence stays until a leader has seen it for so long: whoever was silent longer comes back to a cluster that has forgotten it, and is told so by its term.</summary>
    public static readonly TimeSpan KeepFences = TimeSpan.FromHours(24);

    private readonly Peer _self;
    private readonly CoordinationKeys _keys;
    private readonly bool _isCandidate;
    private List<Election> _elections = [];
    private Dictionary<Peer, Wish> _wishes = [];
    private Dictionary<string, long> _fences = [];      // since when we have seen each, leading
    private SplitMix64 _nonces;
    private SplitMix64 _jitter;
    private LeaseId _lease;
    private CoordinationSnapshot? _seen;
    private Term _known;               // the generation and the revision that the store has reached, as far as was ever seen
    private bool _isRefused;           // the store was found behind that
    private Leadership? _leading;
    private bool _isAnnounced;
    private Peer? _gone;
    private Term _followed;
    private long _foundRevision;      // of the first that was seen
    private long _ownRevision;        // at which our node was registered from here, as far as that was seen
    private bool _isSuperseded;
    private int _failures;
    private long _toldRevision;      // of the damaged entry that was told of last
    private bool _isAsking;
    private bool _isGranting;
    private bool _isLost;
    private long? _failingSinceMs;
    private long _renewDueMs = long.MaxValue;
    private long _listDueMs = long.MaxValue;
    private long _retryDueMs;

    /// <param name="self">The start of the node that may lead.</param>
    /// <param name="keys">The cluster's keys.</param>
    /// <param name="isCandidate">Whether it may.</param>
    /// <param name="seed">Of all draws.</param>
    /// <param name="known">The highest term that an earlier start of the node has heard of: the store's revision is no lower.</param>
    public LeadershipMachine(Peer self, CoordinationKeys keys, bool isCandidate, ulong seed, Term known = default)
    {
        _known = known;
        _self = self;
        _keys = keys;
        _isCandidate = isCandidate;
        _nonces = new SplitMix64(seed);
        _jitter = new SplitMix64(~seed);
    }

    public long NextDueMs => _isSuperseded ? long.MaxValue : Math.Min(Math.Min(_retryDueMs, LostDueMs), Math.Min(_renewDueMs, _listDueMs));

    private long LostDueMs => _failingSinceMs is { } sinceMs && !_isLost ? sinceMs + LostAfterMs : long.MaxValue;

    /// <summary>The term in which this process leads, as far as it knows.</summary>
    public Term? Leads => _leading?.Term;

    public Peer Self => _self;

    /// <summary>The generation and the revision that the store has reached, as far as this node has ever seen.</summary>
    public Term Known => _known;

    /// <summary>Whether the store has not answered for long.</summary>
    public bool IsStoreLost => _isLost;

    /// <summary>Nodes that the store names, as far as it was seen; 1 before.</summary>
    public int MemberCount => Math.Max(1, _seen?.Entries.Count(entry => _keys.IsNode(entry.Key)) ?? 0);

    /// <summary>The same state once more, for explorations that go on in several ways.</summary>
    public LeadershipMachine Clone()
    {
        var clone = (LeadershipMachine)MemberwiseClone();
        clone._elections = [.. _elections.Select(election => election.Clone())];
        clone._wishes = new Dictionary<Peer, Wish>(_wishes);
        clone._fences = new Dictionary<string, long>(_fences);
        return clone;
    }

    /// <summary>Everything that later decisions depend on, but for the moments at which something is due.</summary>
    public string Describe() =>
        $"{_lease.Value} {_seen?.Revision} {(_seen is null ? 0 : GenerationOf(_seen))} {_leading?.Term} {_isAnnounced} {_gone} {_followed} {_known} {_isRefused} {_isAsking} {_isGranting} " +
        $"{_renewDueMs == long.MaxValue}{_retryDueMs == long.MaxValue}{_isSuperseded} {string.Join(',', _elections.Select(election => $"{election.Nonce:x}{election.IsAnswered}"))} {string.Join(',', _wishes)}";

    public void Step(in LeadershipEvent @event, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        if (_isSuperseded) return;
        var refused = @event.Nonce;
        Heed(@event.Kind, nowMs, effects);
        switch (@event.Kind)
        {
            case LeadershipEventKind.LeaseGranted:
                _isGranting = false;
                _lease = @event.Lease;
                _renewDueMs = nowMs + RenewEveryMs;
                _failures = 0;
                Ask(effects);
                break;
            case LeadershipEventKind.LeaseRenewed:
                _renewDueMs = nowMs + RenewEveryMs;
                _failures = 0;
                break;
            case LeadershipEventKind.LeaseGone:
                _lease = LeaseId.None;
                _renewDueMs = long.MaxValue;
                Grant(effects);
                Ask(effects);      // the key has gone with it: the snapshot will say so
                break;
            case LeadershipEventKind.Snapshot:
                See(@event.Snapshot!, @event.Term, nowMs, effects);
                break;
            case LeadershipEventKind.Committed:
                Commit(@event.Nonce, @event.Revision, effects);
                break;
            case LeadershipEventKind.Refused:
                _elections.RemoveAll(election => election.Nonce == refused);
                Answered(refused);
                Ask(effects);
                break;
            case LeadershipEventKind.GrantFailed:
                _isGranting = false;
                Retry(nowMs);
                break;
            case LeadershipEventKind.Unavailable:
                _isAsking = false;
                _elections.ForEach(election => election.IsAnswered |= election.Nonce == refused);
                Answered(refused);
                Retry(nowMs);
                break;
            case LeadershipEventKind.Register when Leads == @event.Term:
                Write(@event.Peer!, Standing.Registering, effects);
                break;
            case LeadershipEventKind.Fence when Leads == @event.Term:
                Write(@event.Peer!, Standing.Fencing, effects);
                break;
            case LeadershipEventKind.StepDown:
                Ask(effects);      // the store says who leads, and nobody else
                break;
            case LeadershipEventKind.PeerGone:
                _gone = @event.Peer;
                if (_seen is not null && !_isRefused) Stand(_seen, effects);
                break;
        }
    }

    public void Tick(long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        if (_isSuperseded) return;
        if (LostDueMs <= nowMs)
        {
            _isLost = true;
            effects.Add(LeadershipEffect.StoreLost(_failingSinceMs!.Value));
        }

        if (_renewDueMs <= nowMs)
        {
            _renewDueMs = long.MaxValue;
            effects.Add(LeadershipEffect.RenewLease(_lease));
        }

        if (_retryDueMs <= nowMs)
        {
            _retryDueMs = long.MaxValue;
            if (_isCandidate && _lease == LeaseId.None) Grant(effects);
            else if (_isCandidate && _renewDueMs == long.MaxValue) effects.Add(LeadershipEffect.RenewLease(_lease));
            Ask(effects);
        }

        if (_listDueMs <= nowMs) Ask(effects);
    }

    /// <summary>Whether the store answers: any answer counts, also a refusal of what was asked.</summary>
    private void Heed(LeadershipEventKind heard, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        switch (heard)
        {
            case LeadershipEventKind.Unavailable or LeadershipEventKind.GrantFailed:
                _failingSinceMs ??= nowMs;
                break;
            case LeadershipEventKind.LeaseGranted or LeadershipEventKind.LeaseRenewed or LeadershipEventKind.LeaseGone or LeadershipEventKind.Snapshot or LeadershipEventKind.Committed or LeadershipEventKind.Refused:
                if (_isLost) effects.Add(LeadershipEffect.StoreFound(_failingSinceMs!.Value));
                (_isLost, _failingSinceMs) = (false, null);
                break;
        }
    }

    /// <summary>
    /// A watch may be behind, so what was seen never goes back. The answer to a question is not: a store that gives one from before the question was restored from a backup. Once its
    /// generation was raised it is beyond all that was seen.
    /// </summary>
    private void See(CoordinationSnapshot snapshot, Term knownWhenAsked, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        _isAsking = false;
        _failures = 0;
        _listDueMs = nowMs + ListAgainMs;
        if (CoordinationKeys.TryReadGeneration(snapshot.Find(_keys.Generation)) is null)
        {
            BeStuck(snapshot.Find(_keys.Generation)!, nowMs, effects);      // nothing that was read with it can be put in order
            return;
        }

        if (At(snapshot) < knownWhenAsked) Refuse(At(snapshot), nowMs, effects);
        if (At(snapshot) < _known) return;
        if (_isRefused) effects.Add(LeadershipEffect.TrustedStore(At(snapshot)));
        _isRefused = false;
        (_known, _seen) = (At(snapshot), snapshot);
        if (FindSuccessor(snapshot) is { } successor)
        {
            _isSuperseded = true;
            effects.Add(LeadershipEffect.Superseded(successor));
            return;
        }

        if (snapshot.Find(_keys.Leader) is { } leader && CoordinationKeys.TryRead(leader) is null) BeStuck(leader, nowMs, effects);
        Recognize(snapshot, effects);
        if (_leading is not null && !_isAnnounced) Announce(snapshot, effects);
        foreach (var (peer, wish) in _wishes.ToArray()) Settle(peer, wish, snapshot, effects);
        if (_leading is not null) ForgetFences(snapshot, nowMs, effects);
        Follow(snapshot, effects);
        Stand(snapshot, effects);
    }

    /// <summary>
    /// A process elsewhere that has our name, and was elected or registered after we were there. It began later, and will not give way: were we to go on, each would take the lead and the node's
    /// place from the other for ever. A start of before us may still be registered late, by a leader that heard it; so that counts once we have been registered ourselves. What listens where we do
    /// is a start of this place: this one, or one that is gone.
    /// </summary>
    private Peer? FindSuccessor(CoordinationSnapshot snapshot)
    {
        if (_foundRevision == 0) _foundRevision = snapshot.Revision;
        if (snapshot.Find(_keys.Leader) is { } leader && leader.ModifiedRevision > _foundRevision && CoordinationKeys.TryRead(leader) is { Peer: var leading } && IsNamesake(leading)) return leading;
        if (snapshot.Find(_keys.Node(_self.Node)) is not { } node || CoordinationKeys.TryRead(node) is not { Peer: var registered }) return null;
        if (registered.Endpoint == _self.Endpoint) _ownRevision = node.ModifiedRevision;
        return IsNamesake(registered) && _ownRevision > 0 && node.ModifiedRevision > _ownRevision ? registered : null;
    }

    private bool IsNamesake(Peer other) => other.Node == _self.Node && other.Endpoint != _self.Endpoint;

    /// <summary>
    /// Whoever wrote that entry may lead, and we cannot say who it is: we neither follow nor take over, and keep asking. It goes with the lease of its writer, or an
    /// operator deletes it. It is told once, not at each reading.
    /// </summary>
    private void BeStuck(CoordinationEntry damaged, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        _listDueMs = nowMs + ListStuckMs;
        if (_toldRevision == damaged.ModifiedRevision) return;
        _toldRevision = damaged.ModifiedRevision;
        effects.Add(LeadershipEffect.Stuck(damaged.Key));
    }

    /// <summary>It is asked again and again, so that nobody has to start anew once its generation was raised. It is told once.</summary>
    private void Refuse(Term found, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        _listDueMs = nowMs + ListStuckMs;
        if (_isRefused) return;
        _isRefused = true;
        effects.Add(LeadershipEffect.RefusedStore(_known, found));
    }

    /// <summary>Finds out whether we lead: an election that nobody answered may have been won, and a leadership may be over.</summary>
    private void Recognize(CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        var leader = snapshot.Find(_keys.Leader);
        if (leader is not null && _leading?.Term.Number != leader.ModifiedRevision && CoordinationKeys.TryRead(leader) is { Nonce: var nonce }) Win(nonce, leader.ModifiedRevision, effects);
        if (_leading is not { Term: var term } || At(snapshot) < term) return;
        if (leader?.ModifiedRevision != term.Number || GenerationOf(snapshot) != term.Generation) Depose(effects);
    }

    /// <summary>Stands for election where nobody leads, or whoever did is known to be gone.</summary>
    private void Stand(CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        if (!_isCandidate || _leading is not null || _lease == LeaseId.None) return;
        var leader = snapshot.Find(_keys.Leader);
        if (leader is not null && !IsOver(leader, snapshot) && (CoordinationKeys.TryRead(leader) is not { Peer: var named } || !IsGone(named))) return;
        if (_elections.Exists(election => !election.IsAnswered)) return;      // one is on its way
        if (_elections.Count == KeptElections) _elections.RemoveAt(0);
        var election = new Election(Nonce(), GenerationOf(snapshot), Unchanged(_keys.Generation, snapshot));
        _elections.Add(election);
        effects.Add(LeadershipEffect.Commit(election.Nonce, new CoordinationTransaction(
            [Unchanged(_keys.Leader, snapshot), election.Unchanged],
            [new Change.Put(_keys.Leader, CoordinationKeys.Write(_self, election.Nonce), _lease)])));
    }

    /// <summary>A raise of the generation ends the leadership that it finds, so that nobody waits for its lease to run out.</summary>
    private bool IsOver(CoordinationEntry leader, CoordinationSnapshot snapshot) => snapshot.Find(_keys.Generation)?.ModifiedRevision > leader.ModifiedRevision;

    /// <summary>Nobody listens where it did, or it was ourselves: an earlier start, or this one before the store was restored. Only called while we do not lead.</summary>
    private bool IsGone(Peer leader) => leader == _gone || leader.Node == _self.Node;

    private void Commit(ulong nonce, long revision, EffectBuffer<LeadershipEffect> effects)
    {
        _failures = 0;
        Answered(nonce);
        Win(nonce, revision, effects);
        Ask(effects);      // what else it meant is read, not inferred
    }

    /// <summary>One of our elections was won: what it compared is ours for the whole term.</summary>
    private void Win(ulong nonce, long revision, EffectBuffer<LeadershipEffect> effects)
    {
        if (_elections.Find(election => election.Nonce == nonce) is not { } won) return;
        _elections.Clear();
        if (_leading is not null) Depose(effects);
        _leading = new Leadership(new Term(won.Generation, revision), won.Unchanged);
    }

    private void Announce(CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        _isAnnounced = true;
        _gone = null;
        var (members, damaged) = _keys.Members(snapshot);
        foreach (var key in damaged) effects.Add(LeadershipEffect.SkippedMember(key));
        effects.Add(LeadershipEffect.Elected(_leading!.Term, members));
    }

    private void Depose(EffectBuffer<LeadershipEffect> effects)
    {
        if (_isAnnounced) effects.Add(LeadershipEffect.Deposed(_leading!.Term));
        _leading = null;
        _isAnnounced = false;
        _fences.Clear();
        _wishes.Clear();
    }

    /// <summary>Where the scheduler wants a node's start to stand: written with the term compared, and answered once it is read back.</summary>
    private void Write(Peer node, Standing standing, EffectBuffer<LeadershipEffect> effects)
    {
        if (_isRefused)
        {
            _wishes[node] = new Wish(standing, 0);      // written once the store is trusted again, should we lead by then
            return;
        }

        var nonce = Nonce();
        _wishes[node] = new Wish(standing, nonce);
        var fence = _keys.Fence(node.Node, node.Incarnation);
        var mine = new Compare.ModifiedAt(_keys.Leader, _leading!.Term.Number);
        var transaction = standing == Standing.Fencing
            ? new CoordinationTransaction([mine, _leading.Unchanged], [new Change.Put(fence, CoordinationKeys.Write(node, nonce))])
            : new CoordinationTransaction([mine, _leading.Unchanged, new Compare.Absent(fence)], [new Change.Put(_keys.Node(node.Node), CoordinationKeys.Write(node, nonce))]);
        effects.Add(LeadershipEffect.Commit(nonce, transaction));
    }

    /// <summary>
    /// Fences would else gather for ever. With the fence goes the registration that it ended, if no later start of the node has taken its place: alone, that one would
    /// count as a member again.
    /// </summary>
    private void ForgetFences(CoordinationSnapshot snapshot, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        var (old, compares, changes) = (nowMs - (long)KeepFences.TotalMilliseconds, new List<Compare>(), new List<Change>());
        foreach (var fence in snapshot.Entries)
        {
            if (!_keys.IsFence(fence.Key)) continue;
            if (!_fences.TryGetValue(fence.Key, out var seenMs)) _fences.Add(fence.Key, seenMs = nowMs);
            if (seenMs > old || changes.Count >= MostForgotten) continue;
            changes.Add(new Change.Delete(fence.Key));
            _fences.Remove(fence.Key);
            if (CoordinationKeys.TryRead(fence) is not { Peer: var fenced } || snapshot.Find(_keys.Node(fenced.Node)) is not { } node || CoordinationKeys.TryRead(node)?.Peer.Incarnation != fenced.Incarnation) continue;
            compares.Add(Unchanged(node.Key, snapshot));
            changes.Add(new Change.Delete(node.Key));
        }

        if (changes.Count == 0) return;
        effects.Add(LeadershipEffect.Commit(Nonce(), new CoordinationTransaction([new Compare.ModifiedAt(_keys.Leader, _leading!.Term.Number), .. compares], changes)));
    }

    private void Answered(ulong nonce)
    {
        foreach (var (node, wish) in _wishes)
        {
            if (wish.Nonce != nonce) continue;
            _wishes[node] = wish with { Nonce = 0 };
            return;
        }
    }

    /// <summary>What the store holds is the answer, whoever wrote it: nothing is repeated before it was read back.</summary>
    private void Settle(Peer node, Wish wish, CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        if (_leading is not { Term: var term }) return;
        var isFenced = snapshot.Find(_keys.Fence(node.Node, node.Incarnation)) is not null;
        var isRegistered = snapshot.Find(_keys.Node(node.Node)) is { } entry && CoordinationKeys.TryRead(entry)?.Peer == node;
        switch (wish.Standing)
        {
            case Standing.Fencing when isFenced:
                effects.Add(LeadershipEffect.Fenced(node, term));
                break;
            case Standing.Registering when isFenced:
                effects.Add(LeadershipEffect.RefusedAsFenced(node, term));
                break;
            case Standing.Registering when isRegistered:
                effects.Add(LeadershipEffect.Registered(node, term));
                break;
            default:
                if (wish.Nonce == 0) Write(node, wish.Standing, effects);      // it was refused, or lost
                return;
        }

        _wishes.Remove(node);
    }

    private void Follow(CoordinationSnapshot snapshot, EffectBuffer<LeadershipEffect> effects)
    {
        if (snapshot.Find(_keys.Leader) is not { } leader || IsOver(leader, snapshot) || CoordinationKeys.TryRead(leader) is not { Peer: var named }) return;
        var term = new Term(GenerationOf(snapshot), leader.ModifiedRevision);
        if (term <= _followed) return;
        _followed = term;
        effects.Add(LeadershipEffect.Remember(term));
        effects.Add(LeadershipEffect.Follow(named, term));
    }

    /// <summary>One at a time: of two leases only one would be renewed, and the key may hang on the other.</summary>
    private void Grant(EffectBuffer<LeadershipEffect> effects)
    {
        if (_isGranting) return;
        _isGranting = true;
        effects.Add(LeadershipEffect.GrantLease());
    }

    private void Ask(EffectBuffer<LeadershipEffect> effects)
    {
        if (_isAsking) return;
        _isAsking = true;
        _listDueMs = long.MaxValue;
        effects.Add(LeadershipEffect.ReadAll(_known));
    }

    /// <summary>Full jitter, so that the processes of a cluster do not come back to a recovering store at once (AWS Architecture Blog, Brooker 2015).</summary>
    private void Retry(long nowMs)
    {
        var ceilingMs = Math.Min(LongestRetryMs, FirstRetryMs << Math.Min(_failures++, 10));
        _retryDueMs = Math.Min(_retryDueMs, nowMs + 1 + _jitter.NextInt((int)ceilingMs));
    }

    private long GenerationOf(CoordinationSnapshot snapshot) => CoordinationKeys.ReadGeneration(snapshot.Find(_keys.Generation));

    private Term At(CoordinationSnapshot snapshot) => new(GenerationOf(snapshot), snapshot.Revision);

    private static Compare Unchanged(string key, CoordinationSnapshot snapshot) =>
        snapshot.Find(key) is { } entry ? new Compare.ModifiedAt(key, entry.ModifiedRevision) : new Compare.Absent(key);

    private ulong Nonce() => _nonces.Next() | 1;

    private enum Standing : byte
    {
        Registering,
        Fencing,
    }

    /// <summary>What the scheduler wants, and the write that is on its way for it; zero: none.</summary>
    private readonly record struct Wish(Standing Standing, ulong Nonce);

    /// <summary>An election that we stand for: the generation that it compares. One without an answer may still be won.</summary>
    private sealed class Election(ulong nonce, long generation, Compare unchanged)
    {
        public ulong Nonce { get; } = nonce;

        public long Generation { get; } = generation;

        public Compare Unchanged { get; } = unchanged;

        public bool IsAnswered { get; set; }

        public Election Clone() => (Election)MemberwiseClone();
    }

    /// <summary>A term of ours, and the compare that says that its generation still holds.</summary>
    private sealed record Leadership(Term Term, Compare Unchanged);
}
