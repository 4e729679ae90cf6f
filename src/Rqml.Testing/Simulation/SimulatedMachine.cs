using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>One machine: its disk stays, its process comes and goes.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing; a simulated store ends with its process.")]
internal sealed class SimulatedMachine(World world, SimulatedNetwork network, Judge judge, string name, NodeRoles roles, Peer? leader, MachineSettings settings)
{
    private SimulatedStore? _store;

    public string Name { get; } = name;

    public NodeRoles Roles { get; } = roles;

    public string Endpoint { get; } = $"sim://{name}/";

    public SimulatedDisk Disk { get; } = new();

    public SimulatedProcess? Process { get; private set; }

    public NodeRuntime? Runtime { get; private set; }

    public bool IsUp => Process is { IsAlive: true };

    /// <summary>Called in the machine's process once its runtime has started.</summary>
    public Action<NodeRuntime>? Up { get; set; }

    public void Start()
    {
        var process = new SimulatedProcess(world, world.NextProcess(), settings.ClockSkew);
        Process = process;
        Disk.IsFull = false;
        Disk.Applied = batch => judge.Applied(Name, process, batch);
        judge.Started(Name, process);
        _store = new SimulatedStore(world, process, Disk);
        var store = _store;
        world.Enqueue(process, () =>
        {
            var runtime = new NodeRuntime(new NodeRuntimeOptions
            {
                Node = new NodeId(Name),
                Endpoint = Endpoint,
                Roles = Roles,
                Classes = SimulatedWork.Classes,
                NodeSettings = new NodeSettings { Lanes = 2, Limit = 6, Classes = [SimulatedWork.Class] },
                WorkerHost = new SimulatedWorkerHost(world, process, judge, Name) { Accidents = settings.Accidents },
                Store = store,
                Transport = network.For(process, Endpoint),
                Leader = leader,
                Time = process.Time,
                Dispatcher = process,
                Seed = world.NextSeed(),
                Logger = NullLogger.Instance,
                MemoryPressure = static () => 0,
                Mutation = settings.Mutation,
                Failed = _ => Kill(),
            });
            Runtime = runtime;
            _starting = StartAsync(runtime);
        });
    }

    private Task _starting = Task.CompletedTask;

    public void Kill()
    {
        if (Process is not { IsAlive: true } process) return;
        process.Kill();
        _store?.Crash();
        network.Drop(process);
    }

    private async Task StartAsync(NodeRuntime runtime)
    {
        await runtime.StartAsync(CancellationToken.None);
        Up?.Invoke(runtime);
    }

    /// <summary>What went wrong while it started, if anything did: a bug.</summary>
    public Exception? StartFailure => _starting.Exception?.InnerException;
}

internal sealed record MachineSettings(TimeSpan ClockSkew, double Accidents, Mutation Mutation);
