using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Scheduling;

/// <summary>One open task at the scheduler: the machine's own state.</summary>
internal sealed class ScheduledTask(TaskSpec spec, Peer ledger, long takenMs)
{
    public TaskSpec Spec { get; } = spec;

    /// <summary>Since when it is known here: it keeps its age when it has to wait again.</summary>
    public long TakenMs { get; } = takenMs;

    public Peer Ledger { get; set; } = ledger;

    public bool Watched { get; set; }

    /// <summary>Where it is assigned; null while it waits.</summary>
    public ScheduledNode? Node { get; set; }

    /// <summary>Of the current assignment.</summary>
    public Epoch Epoch { get; set; }

    public long AssignedMs { get; set; }

    /// <summary>Whether its node said that it holds it, and this scheduler agreed, rather than assigned it.</summary>
    public bool Adopted { get; set; }

    /// <summary>Node deaths that it may have caused.</summary>
    public Suspicion Suspicion { get; set; }

    /// <summary>Whether the ledger is still to hear that this scheduler has it.</summary>
    public bool IsUnacknowledged { get; set; }

    /// <summary>Settled; it only waits to leave the lists that it is in.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Whether the ledger has been asked if it is still open.</summary>
    public bool Inquired { get; set; }

    /// <summary>Whether a node may have worked on it and left a checkpoint in the coordination store that nobody has looked for yet.</summary>
    public bool MayHaveLeft { get; set; }

    /// <summary>Since when it is looked for; null while it is not.</summary>
    public long? RecallMs { get; set; }

    /// <summary>Where another node left off; null where nothing was found, and once a node holds the task.</summary>
    public byte[]? Checkpoint { get; set; }

    /// <summary>How the last assignment was decided; null where there was no choice.</summary>
    public PlacementDecision? Placement { get; set; }
}
