using Rqml.Cluster;

namespace Rqml.Administration;

/// <summary>
/// What an operator asks of a whole cluster, from any of its hosts: whoever leads answers, wherever it is. Thread-safe. Tokens end the waiting, and undo nothing.
/// </summary>
/// <remarks>
/// What is asked is repeated until it is answered, also by the next leader. Where nobody leads for ten seconds, every call but <see cref="RaiseGenerationAsync"/> throws
/// <see cref="NoLeaderException"/>; where this host's node has stopped, <see cref="ShuttingDownException"/>.
/// </remarks>
public interface IRqmlAdministration
{
    /// <summary>The nodes of the cluster as its leader sees them at the moment: those that run tasks, and the leader.</summary>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task<ClusterView> ListNodesAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Empties a node, wherever it is: it takes nothing new, gives back what it has not begun, and finishes the rest. Completes when nothing is left there, so that its process can be
    /// stopped. It stays so until <see cref="ResumeAsync"/>, or until its process starts anew.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellationToken">Ends the waiting; the node goes on emptying itself.</param>
    /// <exception cref="UnknownNodeException">The cluster has no such node.</exception>
    /// <exception cref="NodeGoneException">That start of the node has ended meanwhile; what it held has gone to others, or comes back with its next start.</exception>
    /// <exception cref="DrainCalledOffException">Somebody has let the node take work again meanwhile.</exception>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task DrainAsync(NodeId node, CancellationToken cancellationToken = default);

    /// <summary>Lets a node take work again that was drained. Completes once it does; for a node that takes work already, at once.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="UnknownNodeException">The cluster has no such node.</exception>
    /// <exception cref="NodeGoneException">That start of the node has ended meanwhile.</exception>
    /// <exception cref="NodeLeavingException">The node takes nothing new because its host stops, or too many of its workers hang: nobody can undo that from elsewhere.</exception>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task ResumeAsync(NodeId node, CancellationToken cancellationToken = default);

    /// <summary>
    /// Raises the generation of the coordination store, once it was restored from a backup: one compare-and-set, beyond what the store holds and what this node has ever seen. It ends the
    /// present leadership, and the nodes that refused the restored store trust it again.
    /// </summary>
    /// <returns>The new generation.</returns>
    /// <param name="cancellationToken">Ends the waiting; whether the generation was raised is then unknown.</param>
    /// <exception cref="GenerationRaisedException">Somebody else raised it at the same moment: once is enough.</exception>
    /// <exception cref="NoCoordinationStoreException">This host has no coordination store.</exception>
    /// <exception cref="CoordinationUnavailableException">The store did not answer; whether it was raised is unknown. Look, and ask again: raising twice does no harm.</exception>
    /// <exception cref="CoordinationRefusedException">The store refuses it; the message says why.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task<long> RaiseGenerationAsync(CancellationToken cancellationToken = default);

    /// <summary>Tasks of the whole cluster that wait for something which does not come by itself, the oldest first.</summary>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task<ParkedTasks> ListParkedAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Clears a task of the suspicion that it has killed nodes, so that it runs beside others again: after a power cut, say, that killed them all. Should it kill again, it comes under
    /// suspicion anew.
    /// </summary>
    /// <param name="task">The task, whichever host has submitted it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="UnknownTaskException">No ledger of the cluster has it open.</exception>
    /// <exception cref="TaskNotParkedException">It is under no suspicion; one that no node serves runs as soon as a node does.</exception>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task ReleaseAsync(TaskId task, CancellationToken cancellationToken = default);

    /// <summary>Settles an open task as <see cref="Outcome.Failed"/>, durably at its own ledger, whichever host that is. False where it was settled before.</summary>
    /// <param name="task">The task, whichever host has submitted it.</param>
    /// <param name="reason">Why, for whoever reads its result; 1 to 1,024 characters.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">The reason is blank or too long.</exception>
    /// <exception cref="UnknownTaskException">No ledger of the cluster has it open.</exception>
    /// <exception cref="LedgerLostException">The ledger that has the task has not answered for ten seconds; whether it has failed the task is unknown.</exception>
    /// <exception cref="NoLeaderException">Nobody has led for ten seconds, or can be reached.</exception>
    /// <exception cref="ShuttingDownException">This host's node has stopped.</exception>
    Task<bool> FailAsync(TaskId task, string reason, CancellationToken cancellationToken = default);
}
