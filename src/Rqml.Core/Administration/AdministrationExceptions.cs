using Rqml.Cluster;

namespace Rqml.Administration;

/// <summary>Nobody leads the cluster, or nobody who does could be reached for ten seconds. Whether what was asked for has been done is unknown: ask again.</summary>
public sealed class NoLeaderException(NodeId? last, Term term, Exception? innerException = null)
    : RqmlException(last is { } node ? $"Nobody answers for the cluster: '{node}' led last, in term {term}." : "Nobody leads the cluster, as far as this node has heard.", innerException)
{
    /// <summary>Who led last, as far as this node has heard; null: it has heard of nobody.</summary>
    public NodeId? Last { get; } = last;

    /// <summary>The term of that leader.</summary>
    public Term Term { get; } = term;
}

/// <summary>The cluster has no node of that name.</summary>
public sealed class UnknownNodeException(NodeId node) : RqmlException($"The cluster has no node '{node}', as its leader sees it.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>The start of a node that was asked for something has ended. Its tasks have gone to other nodes, or come back with its next start.</summary>
public sealed class NodeGoneException(NodeId node) : RqmlException($"The start of node '{node}' that was spoken to is over.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>Somebody has let the node take work again while it was being drained.</summary>
public sealed class DrainCalledOffException(NodeId node) : RqmlException($"Node '{node}' was told to take work again before it was empty.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>The node takes nothing new because its host stops, or too many of its workers hang: only its next start takes work again.</summary>
public sealed class NodeLeavingException(NodeId node) : RqmlException($"Node '{node}' is leaving by itself: its host stops, or too many of its workers hang.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>The task is under no suspicion, so that there is nothing to release it from.</summary>
public sealed class TaskNotParkedException(TaskId task) : RqmlException($"Task {task} is under no suspicion: it runs where and when a node takes it.")
{
    /// <summary>The task.</summary>
    public TaskId Task { get; } = task;
}

/// <summary>Two have raised the generation at the same moment, and the other one has won: once is enough.</summary>
public sealed class GenerationRaisedException(long generation) : RqmlException($"Somebody else has raised the generation of the coordination store at this moment: it is {generation}.")
{
    /// <summary>What it is now.</summary>
    public long Generation { get; } = generation;
}

/// <summary>The host has no coordination store: its scheduler is the only one, and keeps its own count.</summary>
public sealed class NoCoordinationStoreException(NodeId node) : RqmlException($"The node '{node}' has no coordination store, and so no generation to raise: choose one, for instance with UseEtcd.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}
