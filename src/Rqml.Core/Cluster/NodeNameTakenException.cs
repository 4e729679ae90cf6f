namespace Rqml.Cluster;

/// <summary>Another process of the cluster was started under the name of this node, and both live: the later one stays, and the node here has stopped. Give each host a <see cref="RqmlOptions.NodeName"/> of its own.</summary>
public sealed class NodeNameTakenException : RqmlException
{
    internal NodeNameTakenException(NodeId node, string endpoint)
        : base($"Node '{node}' runs at {endpoint} too, and began there later: this start of it has stopped. Each host of a cluster needs a NodeName of its own.") => (Node, Endpoint) = (node, endpoint);

    /// <summary>The name that two processes have.</summary>
    public NodeId Node { get; }

    /// <summary>Where the other one listens.</summary>
    public string Endpoint { get; }
}
