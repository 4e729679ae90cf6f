using System.Text.Json;
using System.Text.Json.Serialization;
using Quickstart.Learning;
using Rqml;

namespace Quickstart;

/// <summary>The figures of a run.</summary>
public sealed record Report
{
    /// <summary>Tasks submitted.</summary>
    public required int Tasks { get; init; }

    /// <summary>Tasks settled, with whatever outcome.</summary>
    public required int Completed { get; init; }

    /// <summary>Tasks that nothing was heard of for a minute.</summary>
    public int Lost => Tasks - Completed;

    /// <summary>Tasks that ended in two ways, or two tasks of one key.</summary>
    public required int Duplicated { get; init; }

    /// <summary>Share of the unseen digits that the classifiers read rightly together.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The same of one small model alone.</summary>
    public required double AccuracySmall { get; init; }

    /// <summary>The same of one large model alone.</summary>
    public required double AccuracyLarge { get; init; }

    /// <summary>Digits that they read wrongly together.</summary>
    public required int Errors { get; init; }

    /// <summary>Of these, digits on which classifiers disagree.</summary>
    public required int DisputedErrors { get; init; }

    /// <summary>Digits on which classifiers disagree.</summary>
    public required int Disputed { get; init; }

    /// <summary>Tasks that the monitor saw stalled on the small model.</summary>
    public required int Stalled { get; init; }

    /// <summary>Tasks that went on to a larger model.</summary>
    public required int Escalated { get; init; }

    /// <summary>Tasks that models voted on.</summary>
    public required int Voted { get; init; }

    /// <summary>Tasks that ended below the bar, and without a vote for them.</summary>
    public required int Unconverged { get; init; }

    /// <summary>How often each decision was made, by its name.</summary>
    public required IReadOnlyDictionary<string, int> Decisions { get; init; }

    /// <summary>Model calls of all tasks, ballots included.</summary>
    public required int Passes { get; init; }

    /// <summary>Their declared cost.</summary>
    public required double Cost { get; init; }

    /// <summary>Tasks that were moved off the dead node, or found open at the start.</summary>
    public required int Recovered { get; init; }

    /// <summary>Of these, tasks that went on from a checkpoint.</summary>
    public required int Resumed { get; init; }

    /// <summary>From the start of the host to the end of the vote.</summary>
    public required double Seconds { get; init; }

    public static Report Of(
        int tasks, IReadOnlyCollection<RefinementResult<Classifier>> results, int duplicated, IReadOnlySet<TaskId> recovered, Ballot ballot, TimeSpan elapsed)
    {
        ArgumentNullException.ThrowIfNull(ballot);
        var decisions = Quickstart.Decisions.Of([.. results.Select(result => result.Story.Steps)]);
        return new Report
        {
            Tasks = tasks,
            Completed = results.Count,
            Duplicated = duplicated,
            Accuracy = ballot.Accuracy,
            AccuracySmall = Ballot.Alone(new SoftmaxTrainer()),
            AccuracyLarge = Ballot.Alone(new RidgeTrainer()),
            Errors = ballot.Errors,
            DisputedErrors = ballot.DisputedErrors,
            Disputed = ballot.Disputed,
            Stalled = decisions.Stalled,
            Escalated = decisions.Escalated,
            Voted = decisions.Voted,
            Unconverged = results.Count(result => result.Outcome != Outcome.Converged),
            Decisions = decisions.Counted,
            Passes = results.Sum(result => result.Story.Passes),
            Cost = results.Sum(result => result.Story.Cost),
            Recovered = results.Count(result => recovered.Contains(result.Task)),
            Resumed = results.Count(result => recovered.Contains(result.Task) && result.ResumedAt > 0),
            Seconds = Math.Round(elapsed.TotalSeconds, 1),
        };
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, ReportJson.Default.Report) + "\n");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
