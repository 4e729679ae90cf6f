using System.Text.Json;
using System.Text.Json.Serialization;
using Rqml.Supervision;

namespace GraphColouring;

/// <summary>The figures of a run.</summary>
/// <param name="Kept">Whether every promised board was solved from every start, and no solution had a conflict.</param>
/// <param name="Checkpoints">Checkpoints that were written.</param>
/// <param name="Seconds">From the start of the host to here.</param>
/// <param name="Boards">One a board.</param>
public sealed record Report(bool Kept, long Checkpoints, double Seconds, IReadOnlyList<BoardReport> Boards)
{
    public static Report Of(IReadOnlyList<Trial> trials, long checkpoints, double seconds)
    {
        var boards = trials.GroupBy(trial => trial.Board).Select(board => BoardReport.Of(board.Key, [.. board])).ToArray();
        var kept = boards.All(board => board.Verified == board.Solved && (!board.Promised || board.Solved == board.Seeds));
        return new Report(kept, checkpoints, seconds, boards);
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, ReportJson.Default.Report) + "\n");
}

/// <summary>The figures of one board.</summary>
/// <param name="Board">Its size and colours.</param>
/// <param name="Promised">Whether it has to be solved from every start.</param>
/// <param name="Seeds">Starts that have ended.</param>
/// <param name="Solved">Starts from which it was solved, as the tasks say.</param>
/// <param name="Verified">The same, as a recount says.</param>
/// <param name="Iterations">Mean of a start.</param>
/// <param name="StalledOnSmall">Share of starts from which the small model got stuck.</param>
/// <param name="Escalations">Decisions for a larger model.</param>
/// <param name="Diversified">Decisions for several passes at once.</param>
/// <param name="Votes">Votes that were called.</param>
public sealed record BoardReport(
    string Board, bool Promised, int Seeds, int Solved, int Verified, double Iterations, double StalledOnSmall, int Escalations, int Diversified, int Votes)
{
    public static BoardReport Of(Board board, IReadOnlyList<Trial> trials)
    {
        ArgumentNullException.ThrowIfNull(board);
        return new BoardReport(
            board.ToString(), board.IsPromised, trials.Count, trials.Count(trial => trial.IsSolved), trials.Count(trial => trial.IsVerified),
            trials.Select(trial => (double)trial.Result.Iterations).DefaultIfEmpty(0).Average(),
            trials.Select(trial => trial.HasStalledOnSmall ? 1.0 : 0).DefaultIfEmpty(0).Average(),
            trials.Sum(trial => trial.Count(SupervisionAction.Escalate)), trials.Sum(trial => trial.Count(SupervisionAction.Diversify)),
            trials.Sum(trial => trial.Count(SupervisionAction.Vote)));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
