using System.Globalization;

namespace Rqml.Supervision;

/// <summary>One decision about a task, or several like ones in a row.</summary>
public sealed record StoryStep
{
    /// <summary>First iteration that it is about.</summary>
    public required int From { get; init; }

    /// <summary>Last iteration that it is about.</summary>
    public required int To { get; init; }

    /// <summary>The model that had worked.</summary>
    public required string Model { get; init; }

    /// <summary>The node that it worked on.</summary>
    public required NodeId Node { get; init; }

    /// <summary>What had happened.</summary>
    public required ObservationKind Kind { get; init; }

    /// <summary>The model that made the artifact; null while there is none.</summary>
    public string? Maker { get; init; }

    /// <summary>Score of the artifact; null where nothing scored it.</summary>
    public double? Score { get; init; }

    /// <summary>The best score so far; null where nothing scored the class.</summary>
    public double? BestScore { get; init; }

    /// <summary>What was wrong; null where the loop got on.</summary>
    public Concern? Concern { get; init; }

    /// <summary>What was decided.</summary>
    public required SupervisionAction Action { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Version of the policy that decided.</summary>
    public required int PolicyVersion { get; init; }

    /// <summary>How a vote ended; null where there was none.</summary>
    public VoteTally? Vote { get; init; }

    /// <summary>What each validator or voter said, where they were asked.</summary>
    public IReadOnlyList<Opinion> Opinions { get; init; } = [];

    /// <summary>Model calls of the task up to here.</summary>
    public int Passes { get; init; }

    /// <summary>Cost of the task up to here.</summary>
    public double Cost { get; init; }

    /// <summary>The step in words, on one line.</summary>
    public override string ToString()
    {
        var when = From == To ? $"iteration {To}" : $"iterations {From} to {To}";
        var maker = Maker is { } other && other != Model ? $" of what {other} made" : "";
        var score = Score is { } value ? string.Create(CultureInfo.InvariantCulture, $", score {value:0.####}{maker} (best {BestScore:0.####})") : "";
        var opinions = Opinions.Count == 0 ? "" : $"; {string.Join(", ", Opinions)}";
        return string.Create(CultureInfo.InvariantCulture, $"{when} by {Model} on {Node}{score}: {Action}, {Reason}{opinions} (policy {PolicyVersion}; {Passes} passes, cost {Cost:0.######})");
    }

    internal static StoryStep Of(DecisionRecord record)
    {
        var seen = record.Seen;
        return new StoryStep
        {
            From = seen.Iteration,
            To = seen.Iteration,
            Model = seen.Model,
            Node = record.By,
            Kind = seen.Kind,
            Maker = seen.Maker,
            Score = double.IsNaN(seen.Score) ? null : seen.Score,
            BestScore = double.IsNaN(seen.BestScore) ? null : seen.BestScore,
            Concern = seen.Concern,
            Action = record.Decision.Action,
            Reason = record.Decision.Reason,
            PolicyVersion = record.PolicyVersion,
            Vote = seen.Vote,
            Opinions = seen.Opinions,
            Passes = seen.Passes,
            Cost = seen.Cost,
        };
    }

    /// <summary>Both as one step, where the second goes on just as the first did; else null.</summary>
    internal StoryStep? TryJoin(StoryStep next)
    {
        var alike = next.Action is SupervisionAction.Continue or SupervisionAction.Retry && next.Action == Action && next.Kind == Kind
            && next.Model == Model && next.Node == Node && next.Reason == Reason && next.PolicyVersion == PolicyVersion && next.Concern == Concern;
        return alike ? next with { From = From } : null;
    }
}
