using System.Diagnostics;

namespace Rqml.Queues;

/// <summary>One task class in a queue: its lanes, its weight and its turn in the rotation.</summary>
[DebuggerDisplay("{Name}: {Count} waiting, weight {Weight}")]
internal sealed class ClassQueue(string name)
{
    public string Name => name;

    /// <summary>Tasks that wait, in whatever place.</summary>
    public int Count { get; set; }

    /// <summary>Tasks a turn.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Tasks that the class may still send in this turn.</summary>
    public int Deficit { get; set; }

    // Neighbours in the rotation; null while the class has nothing to send.
    public ClassQueue? Next { get; set; }

    public ClassQueue? Previous { get; set; }

    /// <summary>Lanes that have tasks and are not parked.</summary>
    public OpenLanes Open { get; } = new();

    /// <summary>The lane of tasks that need nothing.</summary>
    public Lane? FreeLane { get; set; }

    /// <summary>Lanes by the name of what they need.</summary>
    public Dictionary<string, Lane> Lanes { get; } = new(StringComparer.Ordinal);
}
