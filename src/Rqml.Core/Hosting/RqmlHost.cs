using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Messaging;
using Rqml.Messaging.Links;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Supervision.Events;
using Rqml.Tasks;

namespace Rqml.Hosting;

/// <summary>The nodes of this process: starts them with the host, drains and stops them with it.</summary>
internal sealed partial class RqmlHost(
    RqmlBuilder builder, IServiceProvider services, IOptions<RqmlOptions> options, LiveOptions live, TimeProvider time, ILoggerFactory loggers, IStationObserver? stations = null)
    : IHostedService, IAsyncDisposable
{
    private readonly Dictionary<string, NodeRuntime> _added = [];
    private readonly ILogger _logger = loggers.CreateLogger("Rqml");
    private readonly RqmlInstruments _instruments = services.GetRequiredService<RqmlInstruments>();
    private TaskClassRegistry? _classes;
    private Admission? _admission;
    private NodeRuntime? _main;

    public NodeRuntime Main => _main ?? throw new InvalidOperationException("The host has not started yet; Rqml's node starts with it.");

    /// <summary>The nodes of this process, the host's own last; none before all have started: one that still opens its store has nothing to say.</summary>
    public IEnumerable<NodeRuntime> Nodes { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); } = [];

    private IEnumerable<NodeRuntime> All => _main is null ? [] : [.. _added.Values, _main];

    public TaskClassRegistry Classes => _classes ??= builder.BuildClasses(services);

    public RqmlInstruments Instruments => _instruments;

    /// <summary>As they were at the start.</summary>
    public RqmlOptions Options => options.Value;

    /// <summary>How long results are kept now, where their submitter has not said it.</summary>
    public TimeSpan? KeepResults => live.Now.KeepResults;

    public IReadOnlyDictionary<string, NodeRuntime> Added => _added;

    private ICoordinationStore? Coordination => field ??= builder.Coordination?.Invoke(services);

    /// <summary>The ways to other nodes. Other hosts of the process see ours only where they were asked to; nodes among themselves need no names that are unique in it.</summary>
    private IReadOnlyList<ITransport> Transports => field ??= TransportsOf([.. services.GetServices<ITransport>()]);

    /// <summary>Room in the ledger of the host's own node; closed from the beginning of the stop on.</summary>
    public Admission Admission => _admission ??= new Admission(options.Value.MaxOpenTasks);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        live.Changed = changed => Admission.MaxOpen = changed.MaxOpenTasks;
        var lanes = await DeviceLanes.CountAsync(settings.Lanes, [.. builder.Devices, .. services.GetServices<IDeviceProvider>()], cancellationToken);
        KeepThreadsReady(builder.Nodes.Sum(node => node.LaneCount ?? settings.Lanes) + lanes.Values.Sum());

        await services.GetRequiredService<Datasets>().LoadAsync(services, cancellationToken);

        // Only the address is known; the scheduler says its name when it welcomes us.
        var leader = builder.SchedulerAddress is { } address ? new Peer(default, default, new Uri(address).AbsoluteUri) : null;
        _main = await BuildAsync(settings.NodeName, lanes, builder.NodeRoles, builder.Store, leader, cancellationToken);

        // The added nodes first: when the scheduler begins, they can say what they hold.
        foreach (var node in builder.Nodes)
        {
            var further = await DeviceLanes.CountAsync(node.LaneCount ?? settings.Lanes, node.Devices, cancellationToken);
            var runtime = await BuildAsync(node.Name, further, NodeRoles.Worker, node.Store, leader ?? (Coordination is null ? _main.Self : null), cancellationToken);
            _added.Add(node.Name, runtime);
            await runtime.StartAsync(cancellationToken);
        }

        await _main.StartAsync(cancellationToken);
        Nodes = [.. All];
        if (Coordination is not null) return;      // whoever leads will welcome them
        foreach (var runtime in _added.Values) runtime.Node!.Post(NodeEvent.Led(leader ?? _main.Self, Term.None));
        if (_main.Scheduler is null) return;
        foreach (var runtime in Nodes)
        {
            // Our own scheduler welcomes our own nodes at once: whoever submits next finds them all.
            if (runtime.Node is { } node) await Task.WhenAny(node.Joined, runtime.Failure.Task).WaitAsync(cancellationToken);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_main is null) return;
        Admission.Close();

        // First nobody leads here: a scheduler that saw its own nodes go would fence them, and give away at the next start what they have on disk.
        _main.StopLeading();
        var stopping = All.Where(runtime => !runtime.IsStopped).ToArray();
        await Task.WhenAll(stopping.Select(runtime => runtime.Node is { } node && !runtime.Failure.Task.IsCompleted ? DrainAsync(node, cancellationToken) : Task.CompletedTask));
        foreach (var runtime in stopping) await runtime.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in All) await runtime.DisposeAsync();
    }

    private async Task DrainAsync(NodeOrchestrator node, CancellationToken cancellationToken)
    {
        try
        {
            await node.DrainAsync(cancellationToken).WaitAsync(live.Now.DrainTimeout, time, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            Log.DrainTimedOut(_logger, node.Id);      // what runs is checkpointed and resumes at the next start
        }
    }

    /// <summary>
    /// Models that compute hold a thread of the pool each. The pool would take half a second for every thread beyond its minimum, and meanwhile nobody else in
    /// the process, we included, would get one.
    /// </summary>
    private static void KeepThreadsReady(int lanes)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        if (workers < Environment.ProcessorCount + lanes) ThreadPool.SetMinThreads(Environment.ProcessorCount + lanes, completions);
    }

    private ITransport[] TransportsOf(ITransport[] registered)
    {
        // What never leaves the machine, or the process, last: a peer elsewhere takes the first address that it can use.
        registered = [.. registered.OrderBy(transport => transport.Capabilities.IsLocal).ThenBy(transport => transport is InProcessTransport)];
        if (registered.Any(transport => transport is InProcessTransport)) return registered;
        if (builder.SchedulerAddress?.StartsWith($"{InProcessTransport.SchemeName}:", StringComparison.OrdinalIgnoreCase) == true) return [.. registered, new InProcessTransport()];
        if (registered.Length > 0) return registered;
        return builder.Nodes.Count > 0 ? [InProcessTransport.Private()] : [];
    }

    /// <summary>Listens first: what others reach a node by has to be known before it says anything.</summary>
    private async ValueTask<NodeRuntime> BuildAsync(string name, IReadOnlyDictionary<string, int> lanes, NodeRoles roles, Func<IServiceProvider, Storage.IKeyValueStore>? store, Peer? leader, CancellationToken cancellationToken)
    {
        var listeners = new List<IListener>();
        try
        {
            foreach (var transport in Transports) listeners.Add(await transport.ListenAsync(transport.AddressFor(name, isOwn: name == options.Value.NodeName), cancellationToken));
            return Build(name, listeners, lanes, roles, store, leader);
        }
        catch
        {
            foreach (var listener in listeners) await listener.DisposeAsync();
            throw;
        }
    }

    private NodeRuntime Build(string name, List<IListener> listeners, IReadOnlyDictionary<string, int> lanes, NodeRoles roles, Func<IServiceProvider, Storage.IKeyValueStore>? store, Peer? leader)
    {
        var settings = options.Value;
#pragma warning disable RS0030 // the seed of a start: all other draws of the node come from it
        var seed = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
#pragma warning restore RS0030
        var liveness = new Liveness { HeartbeatMs = (long)settings.Heartbeat.TotalMilliseconds, AloneMs = (long)settings.WorkAloneAfter.TotalMilliseconds };
        return new NodeRuntime(new NodeRuntimeOptions
        {
            Node = new NodeId(name),
            Endpoint = listeners.Count > 0 ? string.Join(' ', listeners.Select(listener => listener.Address.AbsoluteUri)) : $"{InProcessTransport.SchemeName}://{name}/",
            Roles = roles,
            Classes = Classes,
            NodeSettings = new NodeSettings
            {
                Lanes = lanes,
                Roles = roles,
                Limit = lanes.Values.Sum() * (1 + settings.InboundPerLane),
                Models = ModelsFor(name, lanes),
                Liveness = liveness,
                AgeEveryMs = (long)settings.AgeEvery.TotalMilliseconds,
                KeepUndeliveredMs = (long)settings.KeepUndelivered.TotalMilliseconds,
                MaxUndeliveredBytes = settings.MaxUndeliveredBytes,
            },
            Scheduling = new Scheduling.SchedulerSettings
            {
                Liveness = liveness,
                AgeEveryMs = (long)settings.AgeEvery.TotalMilliseconds,
                IterationLimit = @class => Classes.Find(@class)?.Policy.MaxIterations ?? new Refinement.ClassPolicy().MaxIterations,
            },
            WorkerHost = new InProcessWorkerHost(Classes),
            Store = store?.Invoke(services),
            MostKept = settings.MaxKeptResults,
            Transports = Transports,
            Listeners = listeners,
            Links = new LinkSettings { Liveness = liveness, WindowBytes = settings.LinkWindowBytes },
            Cluster = settings.Cluster,
            Leader = leader,
            Coordination = Coordination,
            CopiesCheckpoints = settings.CopyCheckpoints,
            Admission = _main is null ? Admission : null,
            Time = time,
            Dispatcher = Dispatcher.ThreadPool,
            Seed = seed,
            MaxAbandoned = settings.MaxAbandonedWorkers,
            Instruments = _instruments,
            Bus = _main is null ? services.GetRequiredService<EventBus>() : null,
            Events = new EventPublisher(services.GetRequiredService<EventBus>(), new NodeId(name)),
            Logger = _logger,
            Stations = stations,
            Failed = error => Log.NodeFailed(_logger, name, error),
        });
    }

    /// <summary>A node runs a class where it has a lane for each of its models: so a task never finds itself where its next model cannot run.</summary>
    private Dictionary<ClassKey, IReadOnlyList<string>> ModelsFor(string node, IReadOnlyDictionary<string, int> lanes)
    {
        var models = new Dictionary<ClassKey, IReadOnlyList<string>>();
        foreach (var @class in Classes.All)
        {
            if (@class.Models.FirstOrDefault(model => !lanes.ContainsKey(model.Device)) is { } missing) Log.ClassWithoutDevice(_logger, node, @class.Key.Name, missing.Name, missing.Device);
            else models.Add(@class.Key, [.. @class.Models.Select(model => model.Device)]);
        }

        return models;
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.ClassWithoutDevice, LogLevel.Warning, "Node {Node} does not run task class '{Class}': its model '{Model}' needs a lane of '{Device}', and the node has none")]
        public static partial void ClassWithoutDevice(ILogger logger, string node, string @class, string model, string device);

        [LoggerMessage(LogIds.NodeFailed, LogLevel.Critical, "Node {Node} has stopped: its store or its loop failed")]
        public static partial void NodeFailed(ILogger logger, string node, Exception error);

        [LoggerMessage(LogIds.DrainTimedOut, LogLevel.Warning, "Node {Node} did not drain in time; what runs resumes from its checkpoint")]
        public static partial void DrainTimedOut(ILogger logger, NodeId node);
    }
}
