namespace Rqml.Messaging;

/// <summary>A node as others reach it: who, which start of it, and where.</summary>
internal sealed record Peer(NodeId Node, Incarnation Incarnation, string Endpoint)
{
    public override string ToString() => $"{Node}/{Incarnation}";
}
