using Rqml.Messaging;

namespace Rqml.Cluster;

/// <summary>What the active scheduler writes to the coordination store, each compared with its term; the answers come back to it as events.</summary>
internal interface IMembership
{
    void Register(Peer node, Term term);

    void Fence(Peer node, Term term);

    /// <summary>A node obeys a later term: this leadership is over.</summary>
    void StepDown(Term later);
}
