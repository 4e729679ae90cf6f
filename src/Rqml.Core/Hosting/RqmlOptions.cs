using Rqml.Supervision.Events;

namespace Rqml;

/// <summary>Options of a host's node.</summary>
public sealed class RqmlOptions
{
    internal const int MaxLanes = 4_096;

    /// <summary>Name of the node; restarts keep it.</summary>
    /// <value>Default "local". 1 to 64 letters, digits, '-', '_' or '.'.</value>
    public string NodeName { get; set; } = "local";

    /// <summary>Models that run at once on this node. The thread pool's minimum is raised to processors plus lanes, so that models that compute starve nobody.</summary>
    /// <value>Default: the number of processors. From 1 to 4,096: models that wait for somebody else's answer hold a lane, and no processor.</value>
    public int Lanes { get; set; } = Math.Clamp(Environment.ProcessorCount, 1, MaxLanes);

    /// <summary>Attempts that wait at the node beside those that run, for each lane.</summary>
    /// <value>Default 4. From 1 to 64.</value>
    public int InboundPerLane { get; set; } = 4;

    /// <summary>Open tasks of this ledger before a submitter waits.</summary>
    /// <value>Default 100,000. From 1 to 10,000,000.</value>
    public int MaxOpenTasks { get; set; } = 100_000;

    /// <summary>How long results are kept after they were settled.</summary>
    /// <value>Default null: one day with a durable store, zero in memory. From zero to 3650 days.</value>
    public TimeSpan? KeepResults { get; set; }

    /// <summary>
    /// Results that are kept at most, whatever their time: beyond that those are forgotten whose time would end first, each with its idempotency key (log event 1102, counter
    /// <c>rqml.results.forgotten</c>). A kept result takes a few hundred bytes of memory beside what is on disk; without a durable store it is in memory whole.
    /// </summary>
    /// <value>Default 1,000,000. From 1 to 100,000,000.</value>
    public int MaxKeptResults { get; set; } = 1_000_000;

    /// <summary>How long a waiting task takes to gain one level of priority.</summary>
    /// <value>Default 30 s. From 1 s to 1 day.</value>
    public TimeSpan AgeEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the node reports to the scheduler.</summary>
    /// <value>Default 1 s. From 50 ms to 2 s, so that three lost reports do not make a node suspect.</value>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Source of all randomness of tasks.</summary>
    /// <value>Default 0.</value>
    public ulong Seed { get; set; }

    /// <summary>Workers whose model hangs that are replaced before the node takes nothing new: each keeps a thread until its model comes back.</summary>
    /// <value>Default 16. From 1 to 1,024.</value>
    public int MaxAbandonedWorkers { get; set; } = 16;

    /// <summary>How long a stopping host waits for running iterations.</summary>
    /// <value>Default 10 s. From zero to 1 h.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Name of the cluster: nodes of another one are refused when they call.</summary>
    /// <value>Default "rqml". 1 to 64 letters, digits, '-', '_' or '.'.</value>
    public string Cluster { get; set; } = "rqml";

    /// <summary>Bytes of one task channel that a link may have on the way or unread before its sender waits; a longer message goes alone.</summary>
    /// <value>Default 8 MiB. From 256 KiB to 256 MiB.</value>
    public int LinkWindowBytes { get; set; } = 8 << 20;

    /// <summary>Lets a transport without encryption listen beyond this machine: whoever can reach the address can read what tasks hold, and speak for any node.</summary>
    /// <value>Default false: then an address beyond loopback is a fault at start.</value>
    public bool AllowPlaintext { get; set; }

    /// <summary>
    /// Whether checkpoints of at most 4 KiB, the artifacts in them included, are copied into the coordination store where there is one: then another node goes on with
    /// the tasks of a lost one from there, rather than from the beginning. Default: true.
    /// </summary>
    public bool CopyCheckpoints { get; set; } = true;

    /// <summary>
    /// How long a node that hears of no scheduler waits before it runs new tasks of its own ledger by itself, those with a partition key left out. Below 15 s it may do so while
    /// another scheduler is being elected: a task may then run twice, and is settled once.
    /// </summary>
    /// <value>Default 15 s. From 5 s to 1 day.</value>
    public TimeSpan WorkAloneAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a node keeps the results of a submitter that is down. After that they are dropped, and the tasks are run again when it is back.</summary>
    /// <value>Default 7 days. From 1 min to 3650 days.</value>
    public TimeSpan KeepUndelivered { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Bytes of such results that a node keeps, on its disk and in memory; beyond that the oldest are dropped, but none that has waited for less than a minute.</summary>
    /// <value>Default 256 MiB. From 1 MiB to 1 GiB.</value>
    public int MaxUndeliveredBytes { get; set; } = 256 << 20;

    /// <summary>What makes an event of a measurement, and how many events there may be.</summary>
    public EventOptions Events { get; } = new();
}
