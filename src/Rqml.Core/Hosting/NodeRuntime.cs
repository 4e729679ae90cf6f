using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rqml.Administration;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Messaging.Links;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Storage;
using Rqml.Supervision.Events;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Hosting;

/// <summary>Everything of one node, wired: its loop, its store, and the owners of its roles. The host starts one for itself and one for each node that was added; the simulator, one for each process.</summary>
internal sealed partial class NodeRuntime : IMessageReceiver, IMembership, ILeadershipListener, IAsyncDisposable
{
    private readonly NodeRuntimeOptions _options;
    private readonly Fabric _fabric;
    private readonly LinkTable? _links;
    private readonly IKeyValueStore? _store;
    private GroupCommit? _commit;
    private SplitMix64 _random;
    private Term _term;
    private Task _leading = Task.CompletedTask;
    private readonly List<Task> _answers = [];      // of the loop alone
    private bool _isNew;                // nothing was ever kept in the store
    private bool _endedInOrder;         // the start before this one
    private (int Attempts, int Results) _kept;      // that the node found in the store
    private int _stopped;
    private long _storeLostMs;

    public NodeRuntime(NodeRuntimeOptions options)
    {
        _options = options;
        _store = options.Store;
        _random = new SplitMix64(options.Seed);
        Clock = new Clock(options.Time);
        Loop = new EngineLoop(options.Dispatcher, Clock) { Failed = Fail, Interposer = options.Interposer };
        Self = new Peer(options.Node, new Incarnation(_random.Next() | 1), options.Endpoint);
        _fabric = new Fabric(Self, options.Instruments.Messaging, options.Stations);
        Far = options.Interposer?.Interpose(this) ?? this;
        _fabric.Attach(this, Far);
        Administrator = new Administrator(Loop, new AdministratorMachine(Self, _random.Next()), _fabric, () => Leadership?.Refusal, _random.Next());
        if (options.Transports.Count > 0)
        {
            _links = new LinkTable(Self, options.Transports, options.Listeners, options.Links with { Cluster = options.Cluster }, options.Dispatcher, Clock, _random.Next(), _fabric, options.Instruments.Messaging, options.Logger);
        }
    }

    public Peer Self { get; }

    public Clock Clock { get; }

    public EngineLoop Loop { get; }

    public Ledger? Ledger { get; private set; }

    public Scheduler? Scheduler { get; private set; }

    public NodeOrchestrator? Node { get; private set; }

    public Leadership? Leadership { get; private set; }

    /// <summary>Takes what operators want to whoever leads.</summary>
    public Administrator Administrator { get; }

    private InlineWriter? _writer;
    private InlineReader? _reader;

    public CheckpointStore? Checkpoints { get; private set; }

    /// <summary>The way of events to and from other hosts; null where there are no links, or another node of the host has it.</summary>
    public EventRelay? Relay { get; private set; }

    public LedgerId LedgerId { get; private set; }

    /// <summary>Hears what comes over links: we ourselves, but for simulations.</summary>
    private IMessageReceiver Far { get; }

    private EventPublisher Events => field ??= _options.Events ?? new EventPublisher(new EventBus(new EventOptions(), _options.Time, _options.Instruments.Events), Self.Node);

    /// <summary>Open tasks that were found in the ledger at the start.</summary>
    public int Recovered { get; private set; }

    /// <summary>When the newest task was submitted that was found in the ledger at the start; 0: there is none.</summary>
    public long NewestFoundMs { get; private set; }

    /// <summary>The schemes of the listeners that have ended by themselves.</summary>
    public IReadOnlyList<string> LostListeners => _links?.LostListeners ?? [];

    /// <summary>How the ledger here stands to its scheduler: of a node that only takes submissions nothing else would tell.</summary>
    public SchedulerReach Reach => Ledger?.Follows switch
    {
        null or { Leader: null } => SchedulerReach.Unwelcome,
        { Term: var term } when term == Term.None => SchedulerReach.Unwelcome,
        { Leader: { } leader } when leader.Node != Self.Node && _links?.IsCutOffFrom(leader) == true => SchedulerReach.CutOff,
        _ => SchedulerReach.Heard,
    };

    /// <summary>How long the coordination store has not answered; null while it does, or where there is none. Any thread.</summary>
    public TimeSpan? StoreLostFor => Volatile.Read(ref _storeLostMs) is > 0 and var sinceMs ? TimeSpan.FromMilliseconds(Math.Max(0, Clock.NowMs - sinceMs)) : null;

    /// <summary>Completes with what stopped the node, if anything did.</summary>
    public TaskCompletionSource<Exception> Failure { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsStopped => Volatile.Read(ref _stopped) != 0;

    /// <summary>The result of a task that the ledger has settled, from the store; null where it was purged, or where there is no store.</summary>
    public Settlement? ReadSettlement(TaskId task) => ReadKept(store => NodeStore.ReadSettlement(store, task));

    /// <summary>What was submitted, from the store; null where it was purged, or where there is no store.</summary>
    public TaskSpec? ReadSubmission(TaskId task) => ReadKept(store => NodeStore.ReadSubmission(store, task));

    /// <summary>Why the ledger here answers nothing any more.</summary>
    public LedgerLostException Lost() => new(Self.Node, Failure.Task.IsCompletedSuccessfully ? Failure.Task.Result : null);

    /// <summary>Opens the store, takes back what it holds, and begins.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_store is not null)
        {
            await _store.OpenAsync(cancellationToken);
            _commit = new GroupCommit(_store, _options.Dispatcher, Clock.Time, _options.Instruments.Storage) { Failed = Fail };
            Checkpoints = new CheckpointStore(_store, _options.Instruments.Checkpoints)
            {
                Suspected = task => Events.Suspected(EventOrigin.OfTask(task), SecurityConcern.DamagedCheckpoint, Self.Node.Value),
            };
            _isNew = NodeStore.IsNew(_store);
            if (_isNew) await CommitAsync(NodeStore.PutLayout);
        }

        if (_options.Coordination is { } coordination) PrepareCluster(coordination);
        if (_options.Roles.HasFlag(NodeRoles.Client)) await StartLedgerAsync();
        if (_options.Roles.HasFlag(NodeRoles.Scheduler)) StartScheduler();
        if (_options.Roles.HasFlag(NodeRoles.Worker)) await StartNodeAsync(cancellationToken);
        if (Node is not null && _options is { Coordination: { } shared, CopiesCheckpoints: true }) StartToCopy(Node, shared);
        if (_options.Logger.IsEnabled(LogLevel.Information)) Log.Started(_options.Logger, Self, _options.Roles, Self.Endpoint, WhatIsFound());      // before anything that follows from it
        StartLinks();
        if (Leadership is not null) Leadership.Start();
        else if (_options.Roles.HasFlag(NodeRoles.Scheduler)) await (_leading = LeadAsync(Term.None));
        else if (_options.Leader is { } leader) FollowFixedLeader(leader);
        Loop.Wake();
    }

    /// <summary>What this start goes on with, in words.</summary>
    private string WhatIsFound()
    {
        if (_store is null) return "it keeps nothing on disk";
        if (_isNew) return "its store is new";
        var found = new List<string>();
        if (Node is not null) found.Add($"{_kept.Attempts} unfinished attempts and {_kept.Results} unanswered results");
        if (Ledger is not null) found.Add($"{Recovered} open tasks of its ledger");
        var end = Node is null ? "" : _endedInOrder ? "the start before this one ended in order; " : "the start before this one was killed; ";
        return $"{end}its store holds {string.Join(", ", found.DefaultIfEmpty("nothing of tasks"))}";
    }

    /// <summary>After every owner, so that what comes over links finds them all.</summary>
    private void StartLinks()
    {
        if (_links is null) return;
        var latest = new LatestInbox(Loop, Far);
        Loop.Add(latest);
        var credit = new CreditReturn(Loop);
        Loop.Add(credit);      // the last: by its turn the others have used up what came
        Relay = _options.Bus is { } bus ? new EventRelay(bus, _links, Self) : null;
        _fabric.Attach(_links, credit, Relay, latest);
        _links.Start();
    }

    /// <summary>Delivers to the owner that hears the kind; a role that is not here drops it.</summary>
    public void Receive(in Message message)
    {
        if (IsStopped) return;
        switch (message.Kind)
        {
            case < MessageKind.Assign:
                if (message.Kind == MessageKind.Report) Relay?.Joined(message.From);
                Scheduler?.Post(SchedulerEvent.Of(message));
                break;
            case < MessageKind.Announced:
                if (message.Kind == MessageKind.Welcome) Welcomed(message.From, new Term(message.Epoch.Generation, message.Epoch.Term));
                Node?.Post(NodeEvent.Of(message));
                break;
            case < MessageKind.Administered:
                Ledger?.Post(LedgerEvent.Of(message));
                break;
            default:
                Administrator.Post(AdministratorEvent.Of(message));
                break;
        }
    }

    private void Welcomed(Peer leader, Term term)
    {
        Administrator.Post(AdministratorEvent.Led(leader, term));
        Ledger?.Post(LedgerEvent.Leader(leader, term));
        Relay?.Follow(leader, term);
    }

    void IMessageReceiver.Gone(Peer peer)
    {
        Scheduler?.Post(SchedulerEvent.NodeGone(peer));
        Leadership?.Post(LeadershipEvent.PeerGone(peer));
        Relay?.Left(peer);
    }

    void IMessageReceiver.Unreachable(Peer peer) => Scheduler?.Post(SchedulerEvent.NodeUnreachable(peer));

    void ILeadershipListener.Elected(Term term, IReadOnlyList<Peer> members) => Scheduler?.Post(SchedulerEvent.Elected(term, members));

    void ILeadershipListener.Deposed(Term term) => Scheduler?.Post(SchedulerEvent.Deposed());

    void ILeadershipListener.Follow(Peer leader, Term term)
    {
        Administrator.Post(AdministratorEvent.Led(leader, term));
        Scheduler?.Post(SchedulerEvent.Followed(leader));
        Ledger?.Post(LedgerEvent.Leader(leader, term));
        Node?.Post(NodeEvent.Led(leader, term));
        Relay?.Follow(leader, term);

        // A standby that only schedules has nothing to say to the leader, and without a link it would see its end by the lease alone.
        if (Ledger is null && Node is null && leader.Node != Self.Node) _fabric.Send(leader, new Message(MessageKind.Greet, Self, Epoch: new Epoch(term.Generation, term.Number, 0), Number: (long)leader.Incarnation.Value));
    }

    void ILeadershipListener.Registered(Peer node, Term term) => Scheduler?.Post(SchedulerEvent.Registered(node, term));

    void ILeadershipListener.Fenced(Peer node, Term term) => Scheduler?.Post(SchedulerEvent.Fenced(node, term));

    void ILeadershipListener.RefusedAsFenced(Peer node, Term term) => Scheduler?.Post(SchedulerEvent.RefusedAsFenced(node, term));

    void ILeadershipListener.Superseded(Peer by) => Fail(new NodeNameTakenException(by.Node, by.Endpoint));

    void ILeadershipListener.StoreLost(long sinceMs)
    {
        Volatile.Write(ref _storeLostMs, sinceMs);
        Scheduler?.Post(SchedulerEvent.StoreLost());
    }

    void ILeadershipListener.StoreFound()
    {
        Volatile.Write(ref _storeLostMs, 0);
        Scheduler?.Post(SchedulerEvent.StoreFound());
    }

    void ILeadershipListener.FoundDamaged(string key) => Events.Suspected(default, SecurityConcern.DamagedEntry, key);

    public void Register(Peer node, Term term) => Follow(AnswerAsync(batch => NodeStore.PutMember(batch, node), SchedulerEvent.Registered(node, term)));

    public void Fence(Peer node, Term term) => Follow(AnswerAsync(batch => NodeStore.DeleteMember(batch, node), SchedulerEvent.Fenced(node, term)));

    /// <summary>A node obeys a later term than ours: our store is older than what we once said. As the only scheduler we begin a term beyond it.</summary>
    public void StepDown(Term later)
    {
        if (later < _term || _leading is { IsCompleted: false }) return;
        Scheduler!.Post(SchedulerEvent.Deposed());
        _leading = LeadAsync(later);
    }

    /// <summary>The host is stopping: no task is assigned or handed over here any more.</summary>
    public void StopLeading() => Scheduler?.Post(SchedulerEvent.Deposed());

    /// <summary>Drains, writes what is left, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0) return;
        _options.Admission?.Close();
        if (Node is not null)
        {
            await Node.DisposeAsync();
            await SayEndedInOrderAsync();
        }

        await Loop.StopAsync();
        if (_commit is not null) await _commit.CloseAsync();      // what the last step wrote
        if (_writer is not null && !Failure.Task.IsCompleted) await _writer.FlushAsync();      // whoever takes over goes on from there
        await DisposeCopiesAsync();
        if (Leadership is not null) await Leadership.DisposeAsync();
        await Task.WhenAll(_answers);
        if (_links is not null) await _links.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        if (!Failure.Task.IsCompleted) Log.Stopped(_options.Logger, Self);
    }

    /// <summary>A hint for the next start: without it what ran here is suspect. A disk that fails at this moment does not keep the rest from being closed.</summary>
    private async Task SayEndedInOrderAsync()
    {
        if (_commit is null || Failure.Task.IsCompleted) return;
        try
        {
            await CommitAsync(NodeStore.PutEndedInOrder);
        }
        catch (StoreFailedException)
        {
            // Whoever listens to the node's failure has been told.
        }
    }

    /// <summary>Stops as a crash would: nothing is drained or said; what is not durable is gone.</summary>
    public async ValueTask KillAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0) return;
        _options.Admission?.Close();
        await Loop.StopAsync();
        await DisposeCopiesAsync();
        if (Leadership is not null) await Leadership.DisposeAsync();
        if (_links is not null) await _links.DisposeAsync();
        if (Node is not null) await Node.DisposeAsync();
        if (_commit is not null) await _commit.CloseAsync();
        if (_store is not null) await _store.DisposeAsync();
    }

    private async Task DisposeCopiesAsync()
    {
        if (_writer is not null) await _writer.DisposeAsync();
        if (_reader is not null) await _reader.DisposeAsync();
    }

    private async Task StartLedgerAsync()
    {
        LedgerId = new LedgerId((uint)_random.Next() | 1);
        if (_store is not null && NodeStore.ReadLedgerId(_store) is { } known) LedgerId = known;
        else if (_commit is not null)
        {
            await CommitAsync(batch => NodeStore.PutLedgerId(batch, LedgerId));
        }

        var machine = new LedgerMachine(Self, LedgerId, keepsContent: _store is null, announcedBytes: _options.AnnouncedBytes ?? _options.Links.WindowBytes / 2) { MostKept = _options.MostKept };
        if (_store is not null) NodeStore.ReadLedger(_store, machine);
        Recovered = machine.OpenCount;
        NewestFoundMs = machine.Open.Select(open => open.Spec.Id.CreatedMs).Concat(machine.Settled.Select(settled => settled.Id.CreatedMs)).DefaultIfEmpty().Max();
        _options.Admission?.Occupy(machine.OpenCount);
        foreach (var open in machine.Open) _options.Instruments.Tasks.Recovered(open.Spec.Class.Name);
        Ledger = new Ledger(Loop, machine, _commit, _fabric, _options.Instruments.Tasks, _options.Stations, _options.Admission, Lost, _options.Logger);
    }

    private void PrepareCluster(ICoordinationStore store)
    {
        var keys = new CoordinationKeys(_options.Cluster);
        var machine = new LeadershipMachine(Self, keys, _options.Roles.HasFlag(NodeRoles.Scheduler), _random.Next(), _store is null ? Term.None : HighestTermOf(_store));
        Leadership = new Leadership(Loop, machine, store, keys, _options.Dispatcher, this, _options.Instruments.Cluster, _options.Logger, _commit);
        if (_options.CopiesCheckpoints) _reader = new InlineReader(store, keys);
    }

    private static Term HighestTermOf(IKeyValueStore store)
    {
        var (obeyed, witnessed) = (NodeStore.ReadTerm(store), NodeStore.ReadWitnessed(store));
        return obeyed > witnessed ? obeyed : witnessed;
    }

    private void StartToCopy(NodeOrchestrator node, ICoordinationStore store)
    {
        _writer = new InlineWriter(Loop, store, new CoordinationKeys(_options.Cluster), node, () => Leadership!.Machine.MemberCount, _options.Instruments.Checkpoints);
        (node.Machine.Brought, node.Machine.Answered) = (_writer.Brought, _writer.Settled);
    }

    private void StartScheduler() =>
        Scheduler = new Scheduler(Loop, NewSchedulerMachine(), _fabric, Leadership ?? (IMembership)this, _reader, _options.Instruments.Scheduling, _options.Stations, _options.Logger);

    private SchedulerMachine NewSchedulerMachine() => new(Self, _options.Scheduling with { RecallsCheckpoints = _reader is not null }, _random.Next(), Clock.NowMs)
    {
        BallotTaken = Voted,
    };

    private void Voted(Message ballot, BallotFate fate)
    {
        _options.Instruments.Scheduling.Voted(fate);
        if (fate is BallotFate.Twice or BallotFate.Unasked) Events.Suspected(EventOrigin.OfTask(ballot.Task), fate == BallotFate.Twice ? SecurityConcern.BallotTwice : SecurityConcern.UnaskedBallot, ballot.From.Node.Value);
    }

    private async Task StartNodeAsync(CancellationToken cancellationToken)
    {
        var machine = new NodeMachine(Self, _options.NodeSettings) { Own = Ledger is null ? null : new SelfAttempts(LedgerId, _store is null ? 0 : NodeStore.ReadSelfAttempts(_store)) };
        if (_store is not null)
        {
            _endedInOrder = NodeStore.ReadEndedInOrder(_store);
            machine.Restore(NodeStore.ReadTerm(_store), NodeStore.ReadAttempts(_store, Checkpoints!), NodeStore.ReadOutbound(_store), _endedInOrder);
            _kept = (machine.HeldCount, machine.OutboundCount);
            if (_endedInOrder) await CommitAsync(batch => ForgetEnd(batch, machine.Unwritten));
        }

        var lanes = new Lanes(_options.Dispatcher, _options.WorkerHost, _options.NodeSettings.Lanes);
        await lanes.StartAsync(cancellationToken);
        Node = new NodeOrchestrator(Loop, machine, _commit, _fabric, _options.Classes, lanes, new NodeSurroundings
        {
            MemoryPressure = _options.MemoryPressure,
            BytesCarried = () => _links?.BytesCarried ?? 0,
            MaxAbandoned = _options.MaxAbandoned,
            Instruments = _options.Instruments,
            Events = Events,
            Logger = _options.Logger,
            Stations = _options.Stations,
        });
        if (Ledger is null) return;
        Node.Borrow = request => Ledger.Post(LedgerEvent.Lend(request));
        Ledger.Lent = tasks => Node.Post(NodeEvent.Lent(tasks));
    }

    /// <summary>
    /// Before anything runs: whoever kills us from here on is found out. With it goes what the end in order made of each attempt, in one commit: else one that ran
    /// alone until that end would look as if it had killed the node, should this start die soon.
    /// </summary>
    private static void ForgetEnd(WriteBatch batch, IReadOnlyList<NodeAttempt> restored)
    {
        NodeStore.DeleteEndedInOrder(batch);
        foreach (var attempt in restored) NodeStore.PutAttempt(batch, attempt.Stored);
    }

    /// <summary>
    /// Without a coordination store one process leads; its term is a counter in its own store, one higher and durable at each start. Without a store either, a start
    /// begins by its clock: nodes elsewhere that outlived the last start tell the terms apart, and one that has obeyed a later term says so.
    /// </summary>
    private async Task LeadAsync(Term seen)
    {
        var last = _store is not null ? NodeStore.ReadLeadership(_store) : _term == Term.None ? new Term(1, (Clock.NowMs << 16) | (long)(_random.Next() & 0xFFFF)) : _term;
        if (seen > last) last = seen;
        _term = new Term(Math.Max(1, last.Generation), last.Number + 1);
        if (_commit is not null) await CommitAsync(batch => NodeStore.PutLeadership(batch, _term));

        Scheduler!.Post(SchedulerEvent.Elected(_term, _store is null ? [] : NodeStore.ReadMembers(_store)));
        Administrator.Post(AdministratorEvent.Led(Self, _term));
        Ledger?.Post(LedgerEvent.Leader(Self, _term));
        Node?.Post(NodeEvent.Led(Self, _term));
        Relay?.Follow(Self, _term);
    }

    /// <summary>A scheduler that was named by address: it says its term when it welcomes us.</summary>
    private void FollowFixedLeader(Peer leader)
    {
        Administrator.Post(AdministratorEvent.Led(leader, Term.None));
        Ledger?.Post(LedgerEvent.Leader(leader, Term.None));
        Node?.Post(NodeEvent.Led(leader, Term.None));
    }

    /// <summary>Without a coordination store our own store remembers who our nodes are. A failed commit has stopped the node already.</summary>
    private async Task AnswerAsync(Action<WriteBatch> write, SchedulerEvent answer)
    {
        try
        {
            if (_commit is not null) await CommitAsync(write);
            Scheduler!.Post(answer);
        }
        catch (StoreFailedException)
        {
            // The failure has been reported to whoever started the node.
        }
    }

    private void Follow(Task answer)
    {
        _answers.RemoveAll(static earlier => earlier.IsCompleted);
        _answers.Add(answer);
    }

    private Task CommitAsync(Action<WriteBatch> write)
    {
        var batch = new WriteBatch();
        write(batch);
        return _commit!.CommitAsync(batch);
    }

    /// <summary>Nothing here is durable any more, or a machine has lost its way: the loop stops, and whoever waits for the ledger hears of it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whoever is told of a failure must not make another of it.")]
    private void Fail(Exception error)
    {
        if (!Failure.TrySetResult(error)) return;
        _options.Admission?.Close();
        Loop.Stop();
        try
        {
            _options.Failed?.Invoke(error);
        }
        catch (Exception)
        {
            // A logger that throws, on the same full disk perhaps. Those who wait for the store are still to be told.
        }
    }

    /// <summary>Read on the caller's thread, not the loop's: a settled task may weigh megabytes.</summary>
    private T? ReadKept<T>(Func<IKeyValueStore, T?> read) where T : class
    {
        if (_store is null) return null;
        try
        {
            return read(_store);
        }
        catch (Exception error) when (error is ObjectDisposedException or StoreFailedException)
        {
            throw new LedgerLostException(Self.Node, error);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.NodeStarted, LogLevel.Information, "Node {Node} has started with the roles {Roles} at {Endpoints}; {Found}")]
        public static partial void Started(ILogger logger, Peer node, NodeRoles roles, string endpoints, string found);

        [LoggerMessage(LogIds.NodeStopped, LogLevel.Information, "Node {Node} has stopped in order")]
        public static partial void Stopped(ILogger logger, Peer node);
    }
}

/// <summary>How a ledger stands to its scheduler.</summary>
internal enum SchedulerReach
{
    /// <summary>No scheduler has welcomed it yet: what is submitted waits.</summary>
    Unwelcome,

    Heard,

    /// <summary>There has been no link to it for too long.</summary>
    CutOff,
}

/// <summary>What a node does.</summary>
[Flags]
public enum NodeRoles
{
    /// <summary>Takes submissions and holds their ledger.</summary>
    Client = 1,

    /// <summary>May schedule.</summary>
    Scheduler = 2,

    /// <summary>Runs tasks.</summary>
    Worker = 4,

    /// <summary>Everything; the default.</summary>
    All = Client | Scheduler | Worker,
}

/// <summary>What a runtime is made of. The simulator replaces transport, store, time and dispatcher, and nothing else.</summary>
internal sealed record NodeRuntimeOptions
{
    public required NodeId Node { get; init; }

    public required string Endpoint { get; init; }

    public required NodeRoles Roles { get; init; }

    public required TaskClassRegistry Classes { get; init; }

    public required NodeSettings NodeSettings { get; init; }

    public SchedulerSettings Scheduling { get; init; } = new();

    public required IWorkerHost WorkerHost { get; init; }

    public IKeyValueStore? Store { get; init; }

    /// <summary>The ways to other nodes, best first; none: the node is alone.</summary>
    public IReadOnlyList<ITransport> Transports { get; init; } = [];

    /// <summary>Where others reach the node: it takes links from them, and disposes of them.</summary>
    public IReadOnlyList<IListener> Listeners { get; init; } = [];

    public LinkSettings Links { get; init; } = new();

    /// <summary>Announcements of its ledger that a leader may be told of before it has acknowledged them; null: half of what a link takes.</summary>
    public long? AnnouncedBytes { get; init; }

    /// <summary>Settled tasks that its ledger keeps at most.</summary>
    public int MostKept { get; init; } = int.MaxValue;

    /// <summary>Room in the ledger, which clients ask for; null where submissions come another way.</summary>
    public Admission? Admission { get; init; }

    /// <summary>The scheduler to join; null where this node schedules itself.</summary>
    public Peer? Leader { get; init; }

    public required TimeProvider Time { get; init; }

    public required Dispatcher Dispatcher { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Share of the memory that the process may use which is in use, in [0, 1].</summary>
    public Func<double> MemoryPressure { get; init; } = Nodes.MemoryPressure.OfProcess;

    /// <summary>Hung workers at which the node takes nothing new.</summary>
    public int MaxAbandoned { get; init; } = 16;

    public RqmlInstruments Instruments { get; init; } = RqmlInstruments.OfProcess;

    /// <summary>Who hears of what the node sees; null: nobody.</summary>
    public EventPublisher? Events { get; init; }

    /// <summary>The host's bus, which its own node joins to those of others; null: it stays alone.</summary>
    public EventBus? Bus { get; init; }

    public required ILogger Logger { get; init; }

    public IStationObserver? Stations { get; init; }

    /// <summary>Where several schedulers agree on one; null: this process, or the one that it joins, is the only one.</summary>
    public ICoordinationStore? Coordination { get; init; }

    /// <summary>Whether small checkpoints are copied into the coordination store.</summary>
    public bool CopiesCheckpoints { get; init; } = true;

    /// <summary>Name of the cluster in the coordination store.</summary>
    public string Cluster { get; init; } = "rqml";

    /// <summary>For simulations that break a rule on purpose.</summary>
    public IInterposer? Interposer { get; init; }

    public Action<Exception>? Failed { get; init; }
}
