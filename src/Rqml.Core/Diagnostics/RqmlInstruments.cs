using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>The metrics of a process's nodes, one class of instruments a subsystem, all of one meter. Names and units follow OpenTelemetry; tags never name a task or a peer.</summary>
internal sealed class RqmlInstruments
{
    /// <summary>The name to listen to.</summary>
    public const string MeterName = "Rqml";

    private RqmlInstruments(Meter meter)
    {
        Tasks = new TaskInstruments(meter);
        Scheduling = new SchedulingInstruments(meter);
        Nodes = new NodeInstruments(meter);
        Checkpoints = new CheckpointInstruments(meter);
        Storage = new StorageInstruments(meter);
        Messaging = new MessagingInstruments(meter);
        Cluster = new ClusterInstruments(meter);
        Events = new EventInstruments(meter);
    }

    /// <summary>For runtimes that nobody gave any: what they count is heard by whoever listens to the process.</summary>
    public static RqmlInstruments OfProcess { get; } = new(new Meter(MeterName));

    /// <summary>Those of a host with meters of its own; without a factory, the process's.</summary>
    public static RqmlInstruments Of(IMeterFactory? meters) => meters is null ? OfProcess : new(meters.Create(MeterName));

    public TaskInstruments Tasks { get; }

    public SchedulingInstruments Scheduling { get; }

    public NodeInstruments Nodes { get; }

    public CheckpointInstruments Checkpoints { get; }

    public StorageInstruments Storage { get; }

    public MessagingInstruments Messaging { get; }

    public ClusterInstruments Cluster { get; }

    public EventInstruments Events { get; }
}
