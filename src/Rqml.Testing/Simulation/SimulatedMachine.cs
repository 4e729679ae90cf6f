using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Storage;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>One machine: its disk stays, its process comes and goes.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing; a simulated store ends with its process.")]
internal sealed class SimulatedMachine(World world, SimulatedNetwork network, Judge judge, string name, MachineSettings settings)
{
    private SimulatedStore? _store;
    private Task _starting = Task.CompletedTask;
    private Task _stopping = Task.CompletedTask;
    private SimulatedProcess? _started;      // the last one whose runtime came up
    private IReadOnlyList<int> _served = [];

    public string Name { get; } = name;

    public MachineSettings Settings { get; } = settings;

    public string Endpoint { get; } = $"sim://{name}/";

    public SimulatedDisk Disk { get; } = new();

    public SimulatedProcess? Process { get; private set; }

    public NodeRuntime? Runtime { get; private set; }

    public bool IsUp => Process is { IsAlive: true };

    public bool IsStopping { get; private set; }

    /// <summary>Whether what runs here now has come up, and stays.</summary>
    public bool HasStarted => IsUp && !IsStopping && _started == Process;

    /// <summary>The versions of the simulated class that its software has, from its next start on.</summary>
    public IReadOnlyList<int> Versions { get; set; } = [1];

    /// <summary>How the workers of whatever process runs here fare.</summary>
    public WorkerHealth Workers { get; set; } = WorkerHealth.Sound;

    /// <summary>How wrong its clock is.</summary>
    public TimeSpan ClockSkew { get; private set; } = settings.ClockSkew;

    /// <summary>Called in the machine's process once its runtime has started.</summary>
    public Action<NodeRuntime>? Up { get; set; }

    /// <summary>Called when its process has ended, for whatever reason.</summary>
    public Action<SimulatedMachine>? Down { get; set; }

    /// <summary>What went wrong while it started or stopped, if anything did: a bug.</summary>
    public Exception? Failure => _starting.Exception?.InnerException ?? _stopping.Exception?.InnerException;

    public void Start()
    {
        var process = new SimulatedProcess(world, world.NextProcess(), ClockSkew);
        var store = new SimulatedStore(world, process, Disk, Settings.Mutant);
        (Process, _store, IsStopping, _served) = (process, store, false, Versions);
        world.Tell($"{Name} starts as process {process.Number}");
        Disk.IsFull = false;
        Disk.Applied = batch => judge.Applied(Name, process, batch);
        judge.Started(Name, process);
        world.Enqueue(process, () =>
        {
            Runtime = new NodeRuntime(Options(process, store));
            _starting = StartAsync(Runtime);
        });
    }

    /// <summary>Starts it, unless it is up.</summary>
    public void StartAgain()
    {
        if (!IsUp) Start();
    }

    /// <summary>Whether what runs here now has that version of the simulated class.</summary>
    public bool Serves(int version) => IsUp && Settings.Roles.HasFlag(NodeRoles.Worker) && _served.Contains(version);

    /// <summary>Somebody sets its clock.</summary>
    public void SetClock(TimeSpan skew)
    {
        ClockSkew = skew;
        if (Process is not null) Process.ClockSkew = skew;
    }

    /// <summary>What the machine is about: read from its own machines, for tables of what was hit alone.</summary>
    /// <param name="hasOpenWork">Whether an application here waits for something.</param>
    public List<StruckState> StatesOf(bool hasOpenWork)
    {
        var states = new List<StruckState>();
        if (!IsUp || Runtime is not { } runtime) return states;
        if (runtime.Scheduler?.Machine.TaskCount > 0) states.Add(StruckState.Scheduling);
        if (hasOpenWork) states.Add(StruckState.Ledger);
        if (runtime.Node?.Machine is not { } node) return states;
        if (node.RunningCount > 0) states.Add(StruckState.Running);
        if (node.HeldCount > node.RunningCount) states.Add(StruckState.Waiting);
        if (node.OutboundCount > 0) states.Add(StruckState.Outbound);
        if (node.StrikingCount > 0) states.Add(StruckState.Striking);
        if (node.HeldCount + node.OutboundCount == 0) states.Add(StruckState.Idle);
        return states;
    }

    /// <summary>Which start of the node this is; null where it has not come up yet, or runs none.</summary>
    public Incarnation? StartOfNode => Runtime?.Node?.Machine.Self.Incarnation;

    /// <summary>kill -9, or power cut; true where a commit on its way was lost.</summary>
    public bool Kill()
    {
        if (Process is not { IsAlive: true } process) return false;
        world.Tell($"{Name} is killed (process {process.Number})");
        judge.FellSilent(Name, StartOfNode);
        var hasLost = _store!.Crash();
        End(process);
        return hasLost;
    }

    /// <summary>Damages values that a task's checkpoints rest on. False where the disk holds none.</summary>
    public bool Damage()
    {
        var isDone = false;
        for (var count = 1 + world.Draw(3); count > 0; count--)
        {
            var tasks = Disk.Image.Scan(StoreFamily.Task, default).ToArray();
            if (tasks.Length == 0) break;
            var family = world.Chance(0.5) ? StoreFamily.Checkpoint : StoreFamily.Artifact;
            if (Disk.Damage(family, tasks[world.Draw(tasks.Length)].Key, key => !judge.Checkpoints.IsDamaged(Name, key), world.Draw) is not { } damaged) continue;
            judge.Checkpoints.Damaged(Name, damaged);
            isDone = true;
        }

        return isDone;
    }

    /// <summary>Stops in order, as a host does.</summary>
    public void Stop()
    {
        if (Process is not { IsAlive: true } process || Runtime is not { } runtime || IsStopping || !_starting.IsCompletedSuccessfully) return;
        world.Tell($"{Name} stops (process {process.Number})");
        IsStopping = true;
        world.Enqueue(process, () => _stopping = StopAsync(runtime, process));
    }

    private void End(SimulatedProcess process)
    {
        process.Kill();
        judge.LateWork.Ended(Name);
        network.Drop(process);
        Down?.Invoke(this);
    }

    private async Task StartAsync(NodeRuntime runtime)
    {
        try
        {
            await runtime.StartAsync(CancellationToken.None);
        }
        catch (StoreRegressedException)
        {
            // The store refuses to be taken for whole. The operator gives the machine an empty disk, and starts it again.
            world.Tell($"{Name} gets an empty disk");
            Disk.Replace();
            judge.DiskReplaced(Name);
            End(Process!);
            return;
        }

        judge.Checkpoints.Up(Name, Process!, runtime.Checkpoints!.Damaged);
        _started = Process;
        Up?.Invoke(runtime);
    }

    private async Task StopAsync(NodeRuntime runtime, SimulatedProcess process)
    {
        if (runtime.Node is { } node) await Task.WhenAny(node.DrainAsync(), Task.Delay(TimeSpan.FromSeconds(1), process.Time));
        await runtime.DisposeAsync();
        if (process.IsAlive) End(process);
    }

    private NodeRuntimeOptions Options(SimulatedProcess process, SimulatedStore store)
    {
        var classes = new TaskClassRegistry([.. Versions.Select(SimulatedWork.DefinitionOf), .. Settings.Classes.Select(@class => @class.Build(judge.Supervision, process, Name))]);
        return Options(process, store, classes);
    }

    private NodeRuntimeOptions Options(SimulatedProcess process, SimulatedStore store, TaskClassRegistry classes) => new()
    {
        Node = new NodeId(Name),
        Endpoint = Endpoint,
        Roles = Settings.Roles,
        Classes = classes,
        NodeSettings = Bent(new NodeSettings { Liveness = Liveness.Default with { AloneMs = Settings.AloneMs }, KeepUndeliveredMs = Settings.KeepUndeliveredMs, Lanes = NodeSettings.Processors(2), Limit = 6, Models = classes.All.ToDictionary(@class => @class.Key, @class => (IReadOnlyList<string>)[.. @class.Models.Select(model => model.Device)]) }),
        WorkerHost = new SimulatedWorkerHost(world, process, judge, this, classes),
        Stations = new StationWatch(judge.Supervision, process),
        Store = store,
        Transports = [network.For(process, Endpoint)],
        Listeners = [network.Listen(process, Endpoint)],
        Leader = Settings.Leader,
        Coordination = Settings.Coordination?.For(process, Endpoint),
        AnnouncedBytes = Settings.AnnouncedBytes,
        Time = process.Time,
        Dispatcher = process,
        Seed = world.NextSeed(),
        Logger = NullLogger.Instance,
        MemoryPressure = static () => 0,
        Interposer = new Interposer(world, Settings.Mutant, judge, network, process, Endpoint) { Forges = Settings.Classes.Count > 0 },
        Failed = _ => Kill(),
    };

    private NodeSettings Bent(NodeSettings settings) => Settings.Mutant == Mutant.AssignDedupSkipped ? settings with { TryObey = static (_, _) => true } : settings;
}

/// <summary>What a machine is. Immutable.</summary>
/// <param name="Roles">What its node does.</param>
/// <param name="Leader">The scheduler to join; null where there is a coordination store, or it schedules itself.</param>
/// <param name="Coordination">Where several schedulers agree on one; null where there is only one.</param>
/// <param name="ClockSkew">How wrong its clock is.</param>
/// <param name="Accidents">How often a worker dies without the work's fault.</param>
/// <param name="Mutant">The rule that is broken.</param>
/// <param name="Classes">The supervised classes that it knows.</param>
internal sealed record MachineSettings(NodeRoles Roles, Peer? Leader, SimulatedCoordination? Coordination, TimeSpan ClockSkew, double Accidents, Mutant Mutant, IReadOnlyList<SupervisedClass> Classes)
{
    /// <summary>How long its node hears of no leader before it works alone.</summary>
    public long AloneMs { get; init; } = Liveness.Default.AloneMs;

    /// <summary>How much a leader is told of at once; null: as much as by default, which is all.</summary>
    public long? AnnouncedBytes { get; init; }

    /// <summary>How long its node keeps a result that no ledger takes; the default outlasts any run.</summary>
    public long KeepUndeliveredMs { get; init; } = (long)TimeSpan.FromDays(7).TotalMilliseconds;
}
