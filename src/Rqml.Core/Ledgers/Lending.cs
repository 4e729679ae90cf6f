using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>The node of the ledger's own process hears of no leader, and asks which new tasks it may run meanwhile. Immutable.</summary>
/// <param name="Room">Tasks that it has room for.</param>
/// <param name="Classes">What it runs.</param>
/// <param name="Held">What it holds already, results included.</param>
internal sealed record LendingRequest(int Room, IReadOnlyCollection<ClassKey> Classes, IReadOnlySet<TaskId> Held);

/// <summary>A task that the node of the ledger's own process may run, as no leader has it. The deadline goes as remaining time, as in an assignment.</summary>
internal sealed record LentTask(TaskSpec Spec, Peer Ledger, long RemainingMs, bool Watched);
