using Rqml.Cluster;

namespace Rqml.Nodes;

/// <summary>
/// The epochs of the attempts that a node gives itself while it hears of no leader: each names the ledger and its place in a count that is durable before the attempt runs, so that none
/// is ever given twice, whatever dies.
/// </summary>
/// <param name="ledger">The ledger of the node's own process: only its tasks are taken.</param>
/// <param name="count">Given so far, by this start of the node and all earlier ones.</param>
internal sealed class SelfAttempts(LedgerId ledger, long count)
{
    /// <summary>Given so far.</summary>
    public long Count { get; private set; } = count;

    public bool IsExhausted => Count >= Epoch.MaxSelfAttempts;

    /// <summary>The next epoch, under the last term that the node has obeyed: whoever leads later gives out greater ones.</summary>
    public Epoch Next(Term obeyed) => Epoch.OfSelf(obeyed, ledger, ++Count);
}
