using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Tasks;
using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;

namespace Rqml.Core.Tests.Ledgers;

/// <summary>
/// One task, the shipped ledger with its group commit, nodes that all finish it, a canceller, a deadline, a worker that dies, and a network that
/// delivers what was ever sent at any time, any number of times, or never. The ledger's process may crash between any two steps.
/// </summary>
internal sealed class SettlementModel
{
    private static readonly LedgerId Ledger = new(7);
    private static readonly TaskId Task = new TaskIdSource(Ledger, 1).Next(1);
    private static readonly Peer Self = new(new NodeId("ledger"), new Incarnation(1), "");
    private static readonly Peer Leader = new(new NodeId("leader"), new Incarnation(2), "");

    private readonly Instance _instance;
    private readonly SortedDictionary<string, Message> _network = new(StringComparer.Ordinal);
    private readonly List<LedgerEffect> _writes = [];
    private readonly List<LedgerEffect> _held = [];
    private readonly bool[] _keepsResult;
    private readonly bool[] _hasComputed;
    private LedgerMachine? _machine;
    private TaskSpec? _durableTask;
    private Settlement? _durableSettlement;
    private long _settledMs;      // of the durable settlement
    private Strike[] _durableStrikes = [];
    private Settlement? _everSettled;
    private Outcome? _seen;
    private bool _isSubmitted;
    private bool _isLost;
    private bool _isAcknowledged;
    private bool _isWatched;
    private bool _hasCancelled;
    private bool _isAssigned;
    private int _strikes;
    private int _crashes;
    private int _ticks;
    private long _nowMs = 1_000;
    private string? _violation;

    public SettlementModel(Instance instance)
    {
        _instance = instance;
        _keepsResult = new bool[instance.Nodes];
        _hasComputed = new bool[instance.Nodes];
        Restart();
    }

    private SettlementModel(SettlementModel from)
    {
        _instance = from._instance;
        foreach (var (key, message) in from._network) _network.Add(key, message);
        _writes.AddRange(from._writes);
        _held.AddRange(from._held);
        _keepsResult = [.. from._keepsResult];
        _hasComputed = [.. from._hasComputed];
        _machine = from._machine?.Clone();
        (_durableTask, _durableSettlement, _settledMs, _durableStrikes, _everSettled) = (from._durableTask, from._durableSettlement, from._settledMs, from._durableStrikes, from._everSettled);
        (_seen, _isAcknowledged, _isWatched, _hasCancelled, _isAssigned) = (from._seen, from._isAcknowledged, from._isWatched, from._hasCancelled, from._isAssigned);
        (_isSubmitted, _isLost, _strikes, _crashes, _ticks, _nowMs) = (from._isSubmitted, from._isLost, from._strikes, from._crashes, from._ticks, from._nowMs);
    }

    public string? Violation => _violation;

    /// <summary>The task is settled for good, whoever asked knows, and no node keeps anything; or nobody was ever told that it was taken.</summary>
    public bool IsGoal => ((_everSettled is not null && _seen is not null) || _isLost) && !_keepsResult.Contains(true) && _writes.Count + _held.Count == 0;

    public IEnumerable<Move<SettlementModel>> Moves()
    {
        if (_machine is null)
        {
            yield return On("restart", model => model.Restart());
            yield break;
        }

        if (!_isSubmitted) yield return On("submit", model => model.Submit());
        if ((_durableTask ?? (object?)_everSettled) is not null && !_isWatched && _seen is null) yield return On("attach", model => model.Feed(LedgerEvent.Attach(Task, "watcher", "ticket")));
        if (_isAcknowledged && !_hasCancelled) yield return On("cancel", model => model.Cancel());
        foreach (var (key, message) in _network)
        {
            switch (message.Kind)
            {
                case MessageKind.Result or MessageKind.Strike or MessageKind.StillOpen or MessageKind.Announced:
                    yield return On($"ledger gets {key}", model => model.Feed(LedgerEvent.Of(message)));
                    break;
                case MessageKind.Announce when !_isAssigned:
                    yield return On("leader gets announce", model => model.Assign());
                    break;
                case MessageKind.Answered when _keepsResult[message.Epoch.Number - 1]:
                    yield return On($"node {message.Epoch.Number} gets {key}", model => model.Drop(message));
                    break;
            }
        }

        for (var node = 0; node < _instance.Nodes; node++)
        {
            var number = node;
            if (_isAssigned && !_hasComputed[node]) yield return On($"node {node + 1} finishes", model => model.Compute(number));
        }

        if (_isAssigned && _strikes < _instance.Deaths) yield return On("a worker dies", model => model.KillWorker(), isFault: true);
        if (_writes.Count + _held.Count > 0) yield return On("commit", model => model.Commit());
        if (_ticks < _instance.Ticks && _machine.NextDueMs < long.MaxValue) yield return On("clock", model => model.Tick());
        if (_crashes == _instance.Crashes) yield break;
        yield return On("crash", model => model.Crash(isWritten: false), isFault: true);
        if (_writes.Count > 0) yield return On("crash after the write", model => model.Crash(isWritten: true), isFault: true);
    }

    public UInt128 Fingerprint()
    {
        var print = new Fingerprint();
        print.Add(_durableTask is not null);
        Add(ref print, _durableSettlement);
        print.Add(_settledMs);
        Add(ref print, _durableStrikes);
        Add(ref print, _everSettled);
        print.Add((long?)_seen ?? -1);
        foreach (var has in (ReadOnlySpan<bool>)[_isSubmitted, _isLost, _isAcknowledged, _isWatched, _hasCancelled, _isAssigned, .. _keepsResult, .. _hasComputed]) print.Add(has);
        foreach (var number in (ReadOnlySpan<long>)[_strikes, _crashes, _ticks, _nowMs, _network.Count, _writes.Count, _held.Count]) print.Add(number);
        foreach (var (key, _) in _network) print.Add(key);
        foreach (var write in _writes) Add(ref print, write);
        foreach (var held in _held) Add(ref print, held);
        if (_machine is not { } machine) return print.End();
        print.Add(machine.NextDueMs);
        foreach (var task in machine.Settled)
        {
            print.Add((long)task.Outcome);
            print.Add(task.SettledMs);
        }

        foreach (var task in machine.Open)
        {
            print.Add(task.Watcher as string);
            print.Add(task.AnnouncedIn is { } term ? term.Number : -1);
            print.Add(task.AnnouncedIn is null ? task.AnnouncedMs : 0);
            Add(ref print, task.Strikes);
        }

        return print.End();
    }

    private static void Add(ref Fingerprint print, IReadOnlyList<Strike> strikes)
    {
        print.Add(strikes.Count);
        foreach (var strike in strikes)
        {
            print.Add(strike.Epoch);
            print.Add(strike.Run);
        }
    }

    private static void Add(ref Fingerprint print, Settlement? settlement)
    {
        print.Add((long?)settlement?.Outcome ?? -1);
        print.Add(settlement?.Epoch ?? default);
    }

    private static void Add(ref Fingerprint print, in LedgerEffect effect)
    {
        print.Add((long)effect.Kind);
        print.Add((long)effect.Message.Kind);
        print.Add(effect.Message.From?.Node.Value);
        print.Add(effect.Message.Epoch);
        print.Add(effect.Message.Number);
        Add(ref print, effect.Subject as Settlement);
        print.Add(effect.Target is Peer peer ? peer.Node.Value : effect.Target as string);
    }

    private static TaskSpec Specify() => new()
    {
        Id = Task,
        Class = new ClassKey("explored", 1),
        Payload = new byte[] { 1 },
        SubmittedMs = 1_000,
        DeadlineMs = 3_500,
        KeepResultMs = 1_500,
        IdempotencyKey = "key",
    };

    private static string Describe(Settlement? settlement) => settlement is null ? "-" : $"{settlement.Outcome} {settlement.Epoch}";

    private static string Describe(LedgerEffect effect) => $"{effect.Kind} {effect.Message.Kind} {effect.Message.From?.Node} {effect.Message.Epoch} {effect.Message.Number} {Describe(effect.Subject as Settlement)} {effect.Target}";

    private static string KeyOf(in Message message) => $"{message.Kind} {message.Epoch.Number}{(message.Kind == MessageKind.Strike ? $"/{message.Number}" : "")}";

    private Move<SettlementModel> On(string name, Action<SettlementModel> change, bool isFault = false)
    {
        var next = new SettlementModel(this);
        change(next);
        return new Move<SettlementModel>(name, next, isFault);
    }

    private void Restart()
    {
        _machine = new LedgerMachine(Self, Ledger, keepsContent: false, announcedBytes: 1 << 20);
        if (_durableTask is not null)
        {
            var task = new LedgerTask(_durableTask, null) { Strikes = [.. _durableStrikes] };
            if (_durableSettlement is null) _machine.Restore(task);
            else _machine.Restore(SettledTask.Of(task, _durableSettlement, _settledMs, keepsContent: false));
        }

        Feed(LedgerEvent.Leader(Leader, new Term(1, 1)));
    }

    private void Submit()
    {
        _isSubmitted = true;
        Feed(LedgerEvent.Submit(Specify(), "watcher", "ticket"));
    }

    private void Cancel()
    {
        _hasCancelled = true;
        Feed(LedgerEvent.Cancel(Task, "ticket"));
    }

    private void Assign()
    {
        _isAssigned = true;
        foreach (var announce in _network.Keys.Where(key => key.StartsWith("Announce ", StringComparison.Ordinal)).ToArray()) _network.Remove(announce);
        Send(new Message(MessageKind.Announced, Leader, default, new Epoch(1, 1, 0), 0, new[] { Task }));
    }

    private void Compute(int node)
    {
        _hasComputed[node] = _keepsResult[node] = true;
        var epoch = new Epoch(1, 1, node + 1);
        var result = new Settlement { Outcome = Outcome.Converged, Artifact = new[] { (byte)node }, HasArtifact = true, Epoch = epoch };
        Send(new Message(MessageKind.Result, NodePeer(node), Task, epoch, 0, result));
    }

    private void KillWorker() => Send(new Message(MessageKind.Strike, NodePeer(0), Task, new Epoch(1, 1, 1), ++_strikes));

    private void Drop(in Message answer)
    {
        if (_durableTask is not null && _durableSettlement is null) _violation = "(e) a result was dropped, and its task is not durably settled";
        _keepsResult[answer.Epoch.Number - 1] = false;
    }

    private void Tick()
    {
        _ticks++;
        _nowMs = Math.Max(_nowMs, _machine!.NextDueMs);
        var effects = new EffectBuffer<LedgerEffect>();
        Machine().Tick(_nowMs, effects);
        CarryOut(effects);
    }

    private void Feed(LedgerEvent @event)
    {
        var effects = new EffectBuffer<LedgerEffect>();
        Machine().Step(@event, _nowMs, effects);
        CarryOut(effects);
    }

    private IMachine<LedgerEvent, LedgerEffect> Machine() => _instance.Mutant == Mutant.None ? _machine! : new MutantLedger(_machine!, _instance.Mutant);

    /// <summary>
    /// As the shell does: what has to wait, waits for the group's commit; the rest is done at once. All that waits is one group here: that an earlier one is
    /// durable alone is the same as that the later event came after it. An answer that waits already is not put twice, as messages come again without end.
    /// </summary>
    private void CarryOut(EffectBuffer<LedgerEffect> effects)
    {
        var all = effects.Effects.ToArray();
        foreach (var effect in all.Where(effect => effect is { IsWrite: false, OnceDurable: false })) CarryOut(effect);
        _writes.AddRange(all.Where(effect => effect.IsWrite));
        foreach (var effect in all.Where(effect => effect is { IsWrite: false, OnceDurable: true }))
        {
            if (!_held.Exists(waiting => Describe(waiting) == Describe(effect))) _held.Add(effect);
        }
    }

    private void Commit()
    {
        foreach (var write in _writes) Apply(write);
        foreach (var effect in _held) CarryOut(effect);
        _writes.Clear();
        _held.Clear();
    }

    private void Crash(bool isWritten)
    {
        _crashes++;
        if (isWritten)
        {
            foreach (var write in _writes) Apply(write);
        }

        _writes.Clear();
        _held.Clear();
        _machine = null;
        _isWatched = false;
        if (_durableTask is not null || _everSettled is not null || !_isSubmitted) return;
        if (_isAcknowledged) _violation = "(b) a submission was acknowledged, and is lost";
        _isLost = true;      // the application heard nothing, and submits again: that is another task, with another id
    }

    private void Apply(in LedgerEffect write)
    {
        switch (write.Kind)
        {
            case LedgerEffectKind.WriteSubmission:
                _durableTask = (TaskSpec)write.Subject!;
                break;
            case LedgerEffectKind.WriteSettlement:
                var settlement = (Settlement)write.Subject!;
                if (_everSettled is not null && Describe(_everSettled) != Describe(settlement)) _violation = $"(a) the durable settlement changed from {Describe(_everSettled)} to {Describe(settlement)}";
                _durableSettlement = _everSettled = settlement;
                _settledMs = write.SettledMs;
                break;
            case LedgerEffectKind.WriteStrikes:
                _durableStrikes = (Strike[])write.Subject!;
                break;
            case LedgerEffectKind.Purge:
                (_durableTask, _durableSettlement, _settledMs, _durableStrikes) = (null, null, 0, []);
                break;
        }
    }

    private void CarryOut(in LedgerEffect effect)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.Send:
                Send(effect.Message);
                break;
            case LedgerEffectKind.AnswerSubmit:
                if (_durableTask is null && _everSettled is null) _violation = "(b) a submission was acknowledged, and is not durable";
                (_isAcknowledged, _isWatched) = (true, true);
                break;
            case LedgerEffectKind.AnswerCancel:
                if ((CancelAnswer)effect.Subject! == CancelAnswer.Cancelled && _everSettled is null) _violation = "(a) a cancellation was acknowledged, and is not durable";
                break;
            case LedgerEffectKind.AnswerAttach:
                _isWatched = true;
                if (effect.Subject is AttachReply { IsSettled: true } && _durableSettlement is { } found) See(found);
                else if (effect.Subject is null or AttachReply { IsSettled: true }) _seen ??= _everSettled?.Outcome;      // purged since: its result was kept for as long as was asked
                break;
            case LedgerEffectKind.Complete:
                See((Settlement)effect.Subject!);
                break;
        }
    }

    private void See(Settlement settlement)
    {
        if (_everSettled is null || Describe(_everSettled) != Describe(settlement)) _violation = "(a) a completion was seen, and is not durable";
        _seen = settlement.Outcome;
    }

    /// <summary>Only what somebody here hears: the leader's and the application's own knowledge changes nothing for the ledger.</summary>
    private void Send(in Message message)
    {
        if (message.Kind is MessageKind.Announce && _isAssigned) return;
        if (message.Kind is MessageKind.Announce or MessageKind.Announced or MessageKind.Result or MessageKind.Strike or MessageKind.Answered) _network[KeyOf(message)] = message;
    }

    /// <summary>How large the instance is.</summary>
    public readonly record struct Instance(int Nodes, int Deaths, int Crashes, int Ticks, Mutant Mutant = Mutant.None);

    private static Peer NodePeer(int node) => new(new NodeId($"node-{node + 1}"), new Incarnation((ulong)node + 3), "");
}
