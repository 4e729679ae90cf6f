using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Nodes;

namespace Rqml.Administration;

/// <summary>A cluster as its leader saw it. Immutable.</summary>
/// <param name="Leader">The node that leads.</param>
/// <param name="Term">The term in which it leads; with it the generation of the coordination store.</param>
/// <param name="Nodes">The nodes that run tasks, and the leader, in the order of their ids.</param>
public sealed record ClusterView(NodeId Leader, Term Term, IReadOnlyList<ClusterNode> Nodes);

/// <summary>One node as the leader saw it. Immutable.</summary>
/// <param name="Id">The node.</param>
/// <param name="Incarnation">Which start of it.</param>
/// <param name="Endpoints">Where others reach it; several are parted by spaces.</param>
/// <param name="Roles">What it does, as far as it has said so.</param>
/// <param name="Standing">How the leader sees it.</param>
public sealed record ClusterNode(NodeId Id, Incarnation Incarnation, string Endpoints, NodeRoles Roles, ClusterStanding Standing)
{
    /// <summary>Its load, as it last reported it; null before it has reported to this leader, and of a leader that runs no tasks.</summary>
    public NodeLoad? Load { get; init; }

    /// <summary>Attempts that it takes at most.</summary>
    public int Limit { get; init; }

    /// <summary>Tasks that it holds: waiting, running, or finished and not yet with their ledger.</summary>
    public int Held { get; init; }

    /// <summary>Tasks that the leader has given it, and that are not settled yet.</summary>
    public int Assigned { get; init; }

    /// <summary>The task classes that it runs, each with its version.</summary>
    public IReadOnlyList<ClassVersion> Classes { get; init; } = [];

    /// <summary>For how long the leader has not heard of it.</summary>
    public TimeSpan SinceHeard { get; init; }
}

/// <summary>A version of a task class.</summary>
/// <param name="Name">Name of the class.</param>
/// <param name="Version">Its version.</param>
public readonly record struct ClassVersion(string Name, int Version)
{
    /// <summary>The name, and the version after a "v".</summary>
    public override string ToString() => $"{Name} v{Version}";
}

/// <summary>How a leader sees a node.</summary>
public enum ClusterStanding
{
    /// <summary>Known, and has not reported to this leader yet.</summary>
    Joining = 0,

    /// <summary>Takes work.</summary>
    Active = 1,

    /// <summary>Silent for a while: gets nothing new.</summary>
    Suspect = 2,

    /// <summary>Takes nothing new, as an operator wants it: <see cref="IRqmlAdministration.DrainAsync"/>.</summary>
    Draining = 3,

    /// <summary>Takes nothing new, as its host stops or too many of its workers hang.</summary>
    Leaving = 4,

    /// <summary>Given up: what it holds goes elsewhere as soon as its fence is in the store.</summary>
    Fencing = 5,
}
