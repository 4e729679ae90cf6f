using Rqml.Cluster;
using Rqml.Messaging;

namespace Rqml.Administration;

/// <summary>What an operator wants of whoever leads.</summary>
internal enum AdministrationKind : byte
{
    ListNodes = 1,
    Drain = 2,
    Resume = 3,
    ListParked = 4,
    Release = 5,
    Fail = 6,
}

/// <summary>
/// One wish, as it goes to whoever leads. It is repeated until it is answered for good, so that leaders need to remember nothing of it; what was learnt on the way is in it.
/// </summary>
internal sealed record AdministrationRequest(AdministrationKind Kind)
{
    /// <summary>Of a wish about a node.</summary>
    public NodeId Node { get; init; }

    /// <summary>Why, of a task that is to fail.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Whether the wish was seen to take effect: from here on its opposite is somebody else's wish.</summary>
    public bool Begun { get; init; }

    /// <summary>The start of the node that was found last; none: it was not found yet.</summary>
    public Incarnation Start { get; init; }
}

/// <summary>How things stand with a wish.</summary>
internal enum AdministrationVerdict : byte
{
    Done = 1,
    Pending = 2,
    UnknownNode = 3,
    NodeGone = 4,
    NodeLeaving = 5,
    CalledOff = 6,
    UnknownTask = 7,
    NotParked = 8,
    AlreadySettled = 9,
    LedgerSilent = 10,
}

/// <summary>The answer to a wish.</summary>
internal sealed record AdministrationAnswer(AdministrationVerdict Verdict)
{
    /// <inheritdoc cref="AdministrationRequest.Begun"/>
    public bool Begun { get; init; }

    /// <inheritdoc cref="AdministrationRequest.Start"/>
    public Incarnation Start { get; init; }

    /// <summary>Whose ledger was told to settle a task; no name: nobody's.</summary>
    public NodeId Ledger { get; init; }

    /// <summary>Who leads, as the message says that brought the answer.</summary>
    public NodeId Leader { get; init; }

    /// <summary>In which term.</summary>
    public Term Term { get; init; }

    /// <summary>The nodes, where they were asked for.</summary>
    public IReadOnlyList<ClusterNode> Nodes { get; init; } = [];

    /// <summary>The parked tasks, where they were asked for.</summary>
    public IReadOnlyList<ParkedTask> Parked { get; init; } = [];

    /// <summary>How many parked tasks there are.</summary>
    public int ParkedTotal { get; init; }
}

/// <summary>A ledger is to settle a task as failed, and to tell it whoever asked.</summary>
internal sealed record FailOrder(Peer Asker, string Reason);
