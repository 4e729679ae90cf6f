using System.Collections.Concurrent;
using Rqml.Supervision;

namespace Quickstart;

/// <summary>What is worth a line while the run is on: of each kind of turn the first few. The rest is counted.</summary>
/// <param name="most">Lines of each kind.</param>
public sealed class News(int most)
{
    private readonly ConcurrentDictionary<string, int> _turns = new();

    /// <summary>How often a turn was taken.</summary>
    public int Count(SupervisionAction turn) => _turns.GetValueOrDefault(turn.ToString());

    /// <summary>After an iteration: its line, or null where it just went on or enough was said of the like.</summary>
    public string? OfIteration(int task, string model, SupervisionAction decision, string reason) =>
        decision is SupervisionAction.Escalate or SupervisionAction.Reroute or SupervisionAction.Vote && IsNew(decision.ToString())
            ? $"digit-{task} on {model} {reason}"
            : null;

    /// <summary>At its end: what the voters, or the end of the ladder, said; null as above.</summary>
    public string? OfEnd(int task, string outcome, string? reason) => reason is not null && IsNew(outcome) ? $"digit-{task} {reason}" : null;

    private bool IsNew(string turn) => _turns.AddOrUpdate(turn, 1, (_, count) => count + 1) <= most;
}
