namespace Rqml.Scheduling;

/// <summary>
/// How well a node suits a task, by three factors. The scheduler draws nodes in proportion to <see cref="Value"/>; a decision's explanation shows all three.
/// </summary>
/// <remarks>A product, so that one factor of zero rules a node out whatever the others say.</remarks>
public readonly record struct NodeWeight
{
    /// <summary>Makes a weight of three factors, each in [0,1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">A factor is not in [0,1].</exception>
    public NodeWeight(double freeCapacity, double reliability, double affinity)
    {
        FreeCapacity = Factor(freeCapacity, nameof(freeCapacity));
        Reliability = Factor(reliability, nameof(reliability));
        Affinity = Factor(affinity, nameof(affinity));
    }

    /// <summary>The share of the node's limit that is free, times the share of its memory that is left, in [0,1].</summary>
    public double FreeCapacity { get; }

    /// <summary>The expected share of attempts that the node finishes, in [0,1]; half of what was seen is forgotten every ten minutes.</summary>
    public double Reliability { get; }

    /// <summary>How much of what the task wants is there already (models, checkpoint, data, key), in [0,1].</summary>
    public double Affinity { get; }

    /// <summary>The product of the three, in [0,1]. Zero: the node does not get the task.</summary>
    public double Value => FreeCapacity * Reliability * Affinity;

    /// <summary>
    /// (limit − running − assigned since the last report) / limit, times the share of memory that is left. A node that has nothing to do counts as free for at
    /// least one task however full its memory seems: only work makes a garbage collector look again.
    /// </summary>
    /// <param name="limit">Tasks that the node takes: its lanes and its inbound window. Zero for a node that takes none.</param>
    /// <param name="running">Tasks that it had when it last reported, waiting or running.</param>
    /// <param name="assignedSince">Tasks assigned to it since that report.</param>
    /// <param name="memoryPressure">In [0,1]: 0 with memory to spare, 1 when it has none left.</param>
    internal static double FreeCapacityOf(int limit, int running, int assignedSince, double memoryPressure)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        ArgumentOutOfRangeException.ThrowIfNegative(running);
        ArgumentOutOfRangeException.ThrowIfNegative(assignedSince);
        Factor(memoryPressure, nameof(memoryPressure));
        if (limit == 0) return 0;
        var free = ((double)limit - running - assignedSince) / limit;
        var weighed = Math.Max(0, free * (1 - memoryPressure));
        return running + assignedSince == 0 ? Math.Max(weighed, 1.0 / limit) : weighed;
    }

    /// <summary>The value, and its factors.</summary>
    public override string ToString() => FormattableString.Invariant($"{Value:0.###} = {FreeCapacity:0.###} free × {Reliability:0.###} reliable × {Affinity:0.###} affine");

    private static double Factor(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"A factor of a node's weight is in [0,1], not {value}.");
}
