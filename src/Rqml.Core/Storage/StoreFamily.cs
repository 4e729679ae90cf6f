namespace Rqml.Storage;

/// <summary>The key spaces of a node's store. Keys are ordered bytewise within a family and know nothing of other families.</summary>
public enum StoreFamily
{
    /// <summary>Identity and counters of the store: ledger id, incarnation, terms obeyed, local coordination.</summary>
    Meta = 0,

    /// <summary>Submissions, strikes and settlements of the ledger that lives here.</summary>
    Ledger = 1,

    /// <summary>Attempts that this node has accepted and not yet finished.</summary>
    Task = 2,

    /// <summary>Checkpoint records: (task, epoch, iteration).</summary>
    Checkpoint = 3,

    /// <summary>Artifacts by (task, SHA-256). Values may be large; a store may keep them out of line.</summary>
    Artifact = 4,

    /// <summary>Finished results that no ledger has answered yet.</summary>
    Outbound = 5,
}
