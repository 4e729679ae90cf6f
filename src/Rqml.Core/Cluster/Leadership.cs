using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Storage;

namespace Rqml.Cluster;

/// <summary>Feeds the <see cref="LeadershipMachine"/> with what the coordination store says, and takes its decisions to the store and to the node here.</summary>
internal sealed partial class Leadership : Owner<LeadershipEvent, LeadershipEffect>, IMembership, IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly ICoordinationStore _store;
    private readonly CoordinationKeys _keys;
    private readonly Dispatcher _dispatcher;
    private readonly ILeadershipListener _listener;
    private readonly ClusterInstruments _instruments;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopping = new();
    private readonly List<Task> _calls = [];      // of the loop alone
    private readonly TimeProvider _time;
    private Task _watching = Task.CompletedTask;
    private long _knownGeneration;
    private volatile StoreTooOldException? _refusal;

    public Leadership(
        EngineLoop loop, LeadershipMachine machine, ICoordinationStore store, CoordinationKeys keys, Dispatcher dispatcher, ILeadershipListener listener,
        ClusterInstruments instruments, ILogger logger, GroupCommit? disk = null)
        : base(loop, machine, disk)
    {
        (_store, _keys, _dispatcher, _listener, _time) = (store, keys, dispatcher, listener, loop.Clock.Time);
        (_instruments, _logger, Clock) = (instruments, logger, loop.Clock);
        Machine = machine;
    }

    public LeadershipMachine Machine { get; }

    /// <summary>Why nothing is taken from the store at the moment; null while it is trusted. Any thread.</summary>
    public StoreTooOldException? Refusal => _refusal;

    private Clock Clock { get; }

    public void Start() => _dispatcher.Post(this);

    public void Register(Peer node, Term term) => Post(LeadershipEvent.Register(node, term));

    public void Fence(Peer node, Term term) => Post(LeadershipEvent.Fence(node, term));

    public void StepDown(Term later) => Post(LeadershipEvent.StepDown(later));

    /// <inheritdoc cref="GenerationRaise.RaiseAsync"/>
    public async Task<long> RaiseGenerationAsync(ulong nonce, CancellationToken cancellationToken)
    {
        var raised = await GenerationRaise.RaiseAsync(_store, _keys, Volatile.Read(ref _knownGeneration), nonce, cancellationToken);
        Log.GenerationRaised(_logger, raised);
        return raised;
    }

    public override bool Drain(long nowMs)
    {
        var worked = base.Drain(nowMs);
        Volatile.Write(ref _knownGeneration, Machine.Known.Generation);
        return worked;
    }

    void IThreadPoolWorkItem.Execute() => _watching = WatchAsync();

    /// <summary>Waits for what is on its way to the store. The loop has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        Cancel();
        await _watching;
        await Task.WhenAll(_calls);
        if (Machine.IsStoreLost) _instruments.StoreFound();      // nobody of ours misses it any more
        _stop.Dispose();
    }

    protected override void CarryOut(in LeadershipEffect effect)
    {
        switch (effect.Kind)
        {
            case LeadershipEffectKind.GrantLease:
                Call(GrantAsync());
                break;
            case LeadershipEffectKind.RenewLease:
                Call(RenewAsync(effect.Lease));
                break;
            case LeadershipEffectKind.ReadAll:
                Call(ReadAsync(effect.Term));
                break;
            case LeadershipEffectKind.Commit:
                Call(CommitAsync(effect.Nonce, effect.Transaction!));
                break;
            case LeadershipEffectKind.Elected:
                _listener.Elected(effect.Term, effect.Members);
                break;
            case LeadershipEffectKind.Deposed:
                _listener.Deposed(effect.Term);
                break;
            case LeadershipEffectKind.Follow:
                _listener.Follow(effect.Peer!, effect.Term);
                break;
            case LeadershipEffectKind.Registered:
                _listener.Registered(effect.Peer!, effect.Term);
                break;
            case LeadershipEffectKind.Fenced:
                _listener.Fenced(effect.Peer!, effect.Term);
                break;
            case LeadershipEffectKind.RefusedAsFenced:
                _listener.RefusedAsFenced(effect.Peer!, effect.Term);
                break;
            case LeadershipEffectKind.Superseded:
                _listener.Superseded(effect.Peer!);
                break;
            case LeadershipEffectKind.Stuck:
                _instruments.EntryDamaged();
                _listener.FoundDamaged(effect.Key!);
                Log.Stuck(_logger, effect.Key!);
                break;
            case LeadershipEffectKind.StoreLost:
                _instruments.StoreLost();
                _listener.StoreLost(effect.SinceMs);
                Log.StoreLost(_logger, Machine.Self.Node, (Clock.NowMs - effect.SinceMs) / 1_000.0);
                break;
            case LeadershipEffectKind.StoreFound:
                _instruments.StoreFound();
                _listener.StoreFound();
                Log.StoreFound(_logger, Machine.Self.Node, (Clock.NowMs - effect.SinceMs) / 1_000.0);
                break;
            case LeadershipEffectKind.SkippedMember:
                _instruments.EntryDamaged();
                _listener.FoundDamaged(effect.Key!);
                Log.SkippedMember(_logger, effect.Key!);
                break;
            case LeadershipEffectKind.RefusedStore:
                _refusal = new StoreTooOldException(effect.Term, effect.Found);
                _instruments.StoreRefused();
                Log.StoreTooOld(_logger, effect.Term, effect.Found);
                break;
            case LeadershipEffectKind.TrustedStore:
                _refusal = null;
                Log.StoreTrustedAgain(_logger, effect.Found);
                break;
        }
    }

    protected override void Encode(in LeadershipEffect effect, WriteBatch batch) => NodeStore.PutWitnessed(batch, effect.Term);

    // Neither CancelAsync nor a delay that a token cancels: both come back on a thread of the pool, and the simulator could not hold them.
    private void Cancel()
    {
        _stop.Cancel();
        _stopping.TrySetResult();
    }

    private void Call(Task call)
    {
        _calls.RemoveAll(static earlier => earlier.IsCompleted);
        _calls.Add(call);
    }

    private async Task GrantAsync()
    {
        try
        {
            Post(LeadershipEvent.Granted(await _store.GrantLeaseAsync(LeadershipMachine.LeaseTime, _stop.Token)));
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            Post(LeadershipEvent.GrantFailed());
        }
    }

    private async Task RenewAsync(LeaseId lease)
    {
        try
        {
            Post(await _store.RenewLeaseAsync(lease, _stop.Token) ? LeadershipEvent.Renewed() : LeadershipEvent.LeaseGone());
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            Post(LeadershipEvent.Unavailable(0));
        }
    }

    private async Task ReadAsync(Term known)
    {
        try
        {
            Post(LeadershipEvent.Read(await _store.ReadAsync(_keys.Prefix, _stop.Token), known));
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            Post(LeadershipEvent.Unavailable(0));
        }
    }

    private async Task CommitAsync(ulong nonce, CoordinationTransaction transaction)
    {
        try
        {
            var result = await _store.CommitAsync(transaction, _stop.Token);
            Post(result.Succeeded ? LeadershipEvent.Committed(nonce, result.Revision) : LeadershipEvent.Refused(nonce));
        }
        catch (LeaseGoneException)
        {
            Post(LeadershipEvent.Refused(nonce));
            Post(LeadershipEvent.LeaseGone());
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            Post(LeadershipEvent.Unavailable(nonce));
        }
    }

    /// <summary>Watches are hints: a broken one is opened again, and the machine lists now and then in any case.</summary>
    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var snapshot in _store.Watch(_keys.Prefix, _stop.Token)) Post(LeadershipEvent.Saw(snapshot));
            }
            catch (Exception error) when (IsUnavailable(error))
            {
                Post(LeadershipEvent.Unavailable(0));
            }

            if (_stop.IsCancellationRequested) return;
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None), _stopping.Task);
        }
    }

    /// <summary>Also where the store refuses: that may change, and until then the node does without it.</summary>
    private static bool IsUnavailable(Exception error) => error is CoordinationUnavailableException or CoordinationRefusedException or OperationCanceledException or ObjectDisposedException;

    private static partial class Log
    {
        [LoggerMessage(LogIds.LeaderUnreadable, LogLevel.Error, "'{Key}' of the coordination store is damaged: who leads cannot be said, so nobody takes over until it is gone or written anew")]
        public static partial void Stuck(ILogger logger, string key);

        [LoggerMessage(LogIds.StoreLost, LogLevel.Warning, "Node {Node} has had no answer from the coordination store for {Seconds:0.0} s: until there is one, nobody is elected, registered or fenced")]
        public static partial void StoreLost(ILogger logger, NodeId node, double seconds);

        [LoggerMessage(LogIds.StoreFound, LogLevel.Information, "Node {Node} has an answer from the coordination store, after {Seconds:0.0} s without")]
        public static partial void StoreFound(ILogger logger, NodeId node, double seconds);

        [LoggerMessage(LogIds.MemberUnreadable, LogLevel.Warning, "'{Key}' of the coordination store is damaged and was skipped; its node is registered again once it reports")]
        public static partial void SkippedMember(ILogger logger, string key);

        [LoggerMessage(LogIds.StoreTooOld, LogLevel.Error, "The coordination store was at generation and revision {Known}, and is at {Found}: it was restored from a backup. Nothing is taken from it nor written to it until its generation is raised")]
        public static partial void StoreTooOld(ILogger logger, Term known, Term found);

        [LoggerMessage(LogIds.StoreTrustedAgain, LogLevel.Information, "The coordination store is at generation and revision {Found}: it is trusted again")]
        public static partial void StoreTrustedAgain(ILogger logger, Term found);

        [LoggerMessage(LogIds.GenerationRaised, LogLevel.Warning, "The generation of the coordination store was raised to {Generation}, from this host: whoever led leads no longer")]
        public static partial void GenerationRaised(ILogger logger, long generation);
    }
}

/// <summary>Who has to know about leadership in a process.</summary>
internal interface ILeadershipListener
{
    void Elected(Term term, IReadOnlyList<Peer> members);

    void Deposed(Term term);

    void Follow(Peer leader, Term term);

    void Registered(Peer node, Term term);

    void Fenced(Peer node, Term term);

    void RefusedAsFenced(Peer node, Term term);

    /// <summary>Another process lives under our name.</summary>
    void Superseded(Peer by);

    /// <summary>The store has not answered since then.</summary>
    void StoreLost(long sinceMs);

    /// <summary>The store answers again.</summary>
    void StoreFound();

    /// <summary>An entry of the coordination store holds nothing readable.</summary>
    void FoundDamaged(string key);
}
