using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Scheduling;

/// <summary>How the scheduler sees a node.</summary>
internal enum NodeStanding : byte
{
    /// <summary>Its registration is on its way to the store.</summary>
    Registering,

    /// <summary>It reports to this term and takes work.</summary>
    Active,

    /// <summary>Silent for a while: gets nothing new.</summary>
    Suspect,

    /// <summary>Its fence is on its way to the store; its work stays where it is until that is there.</summary>
    Fencing,
}

/// <summary>One node as its reports describe it: the machine's own state.</summary>
internal sealed class ScheduledNode(Peer peer)
{
    public Peer Peer { get; set; } = peer;

    /// <summary>The nodes that run the same classes; null before its first report.</summary>
    public NodeGroup? Group { get; set; }

    /// <summary>Its place in the weighted draw of its group.</summary>
    public int Slot { get; set; }

    public NodeStanding Standing { get; set; }

    /// <summary>The start of the node that is a member as long as this one's registration is not in the store; null afterwards.</summary>
    public Peer? Earlier { get; set; }

    /// <summary>The start of the node that was known before; none: this is the first, or known since long.</summary>
    public Incarnation Before { get; init; }

    /// <summary>Whether it has reported to this term.</summary>
    public bool Reported { get; set; }

    public long HeardMs { get; set; }

    public int Limit { get; set; }

    /// <summary>It takes nothing new, as its last report says, or a refusal since then.</summary>
    public bool Draining { get; set; }

    /// <summary>Its last report says that it takes nothing new: then that report, and what was assigned since, is all that it can hold.</summary>
    public bool ReportsDraining { get; private set; }

    private long _turns;

    /// <summary>It takes nothing new because it is about to end, whatever an operator wants.</summary>
    public bool Leaving { get; set; }

    /// <summary>What it does, as it has said.</summary>
    public NodeRoles Roles { get; set; } = NodeRoles.Worker;

    public NodeLoad? Load { get; set; }

    public HashSet<ClassKey> Classes { get; set; } = [];

    /// <summary>Tasks that are assigned to it and not known to be settled.</summary>
    public HashSet<TaskId> Assigned { get; } = [];

    /// <summary>Tasks that its last report named.</summary>
    public HashSet<TaskId> Held { get; } = [];

    public Reliability Reliability { get; set; }

    /// <summary>Takes what the node says of itself, but for what it has said otherwise since.</summary>
    public void Hear(NodeReport report)
    {
        Roles = report.Roles;
        if (report.Turns < _turns) return;
        (_turns, Draining, ReportsDraining, Leaving) = (report.Turns, report.Draining, report.Draining, report.Leaving);
    }
}
