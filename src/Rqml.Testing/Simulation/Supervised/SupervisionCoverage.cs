using System.Text;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>What befell a vote before it ended.</summary>
internal enum VoteFate
{
    /// <summary>Nothing: each voter was heard.</summary>
    Undisturbed,

    /// <summary>A voter abstained.</summary>
    Abstention,

    /// <summary>Ballots were missing at the deadline.</summary>
    Deadline,

    /// <summary>The node of a voter was gone.</summary>
    VoterGone,

    /// <summary>Another leader held it anew.</summary>
    LeaderLost,

    /// <summary>The task that waits for it was handed over.</summary>
    HandedOver,

    /// <summary>Ballots came that nobody had asked for.</summary>
    Forged,
}

/// <summary>Where a task stood when it went on from a disk.</summary>
internal enum ResumedWith
{
    History,
    Rung,
    PendingVote,
    Failures,
    Rejections,
    OlderBest,
}

/// <summary>How often each decision, each end of a vote and each verdict was reached in each state: a simulation that never was there has shown nothing about it.</summary>
internal sealed class SupervisionCoverage
{
    private readonly Dictionary<string, Dictionary<string, long>> _cells = [];
    private readonly List<(string Row, string Column)> _expected = [];

    public SupervisionCoverage()
    {
        foreach (var action in Enum.GetValues<SupervisionAction>())
        {
            foreach (var kind in Enum.GetValues<ObservationKind>())
            {
                if (IsPossible(action, kind)) Expect($"{action}", $"{kind}");
            }
        }

        foreach (var fate in Enum.GetValues<VoteFate>())
        {
            foreach (var verdict in Enum.GetValues<VoteVerdict>())
            {
                if (IsLikely(fate, verdict)) Expect($"vote: {fate}", $"{verdict}");
            }
        }

        foreach (var said in (string[])["Accept", "Reject", "Abstain", "Failed"]) Expect("validators", said);
        foreach (var state in Enum.GetValues<ResumedWith>()) Expect("resumed with", $"{state}");
    }

    public void Hit(SupervisionAction action, ObservationKind kind) => Add($"{action}", $"{kind}", 1);

    public void Hit(VoteFate fate, VoteVerdict verdict) => Add($"vote: {fate}", $"{verdict}", 1);

    public void Hit(in Validation verdict) => Add("validators", verdict.HasFailed ? "Failed" : $"{verdict.Judgement}", 1);

    /// <summary>A task went on from a disk.</summary>
    public void Resumed(Boundary from)
    {
        Hit(ResumedWith.History, from.Iteration > 0);
        Hit(ResumedWith.Rung, from.Rung > 0);
        Hit(ResumedWith.PendingVote, from.Vote > 0);
        Hit(ResumedWith.Failures, from.Failures > 0);
        Hit(ResumedWith.Rejections, from.Rejections > 0);
        Hit(ResumedWith.OlderBest, !from.Best.Span.SequenceEqual(from.Artifact.Span));
    }

    public void Add(SupervisionCoverage other)
    {
        foreach (var (row, cells) in other._cells)
        {
            foreach (var (column, count) in cells) Add(row, column, count);
        }
    }

    /// <summary>Cells that were hit less often, of those that a run can be expected to reach.</summary>
    public IReadOnlyList<string> Below(long least) =>
        [.. from cell in _expected let count = _cells[cell.Row][cell.Column] where count < least select $"{cell.Row} × {cell.Column}: {count}"];

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (row, cells) in _cells) text.AppendLine($"{row,-20}{string.Join(", ", cells.Select(cell => $"{cell.Key} {cell.Value}"))}");
        return text.ToString();
    }

    /// <summary>What was refused, or was not made, cannot be accepted.</summary>
    private static bool IsPossible(SupervisionAction action, ObservationKind kind) => kind switch
    {
        ObservationKind.Rejected => action != SupervisionAction.Accept,
        ObservationKind.Validated => action == SupervisionAction.Accept,
        _ => true,
    };

    /// <summary>Where each voter says something, only weights that cancel exactly leave a vote undecided.</summary>
    private static bool IsLikely(VoteFate fate, VoteVerdict verdict) => (fate, verdict) != (VoteFate.Undisturbed, VoteVerdict.NoQuorum);

    private void Expect(string row, string column)
    {
        _expected.Add((row, column));
        Add(row, column, 0);
    }

    private void Hit(ResumedWith state, bool holds)
    {
        if (holds) Add("resumed with", $"{state}", 1);
    }

    private void Add(string row, string column, long count)
    {
        if (!_cells.TryGetValue(row, out var cells)) _cells[row] = cells = [];
        cells[column] = cells.GetValueOrDefault(column) + count;
    }
}
