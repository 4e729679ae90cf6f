using System.Globalization;
using System.Text;
using Rqml.Ledgers;
using Rqml.Supervision;

namespace Rqml;

/// <summary>What happened to a task and why: where it ran, its scores, each decision with its reason, and what it cost. Immutable; <see cref="ToString"/> tells it in words.</summary>
public sealed class TaskStory
{
    private readonly Settlement? _settlement;
    private readonly Story _story;

    internal TaskStory(TaskId task, Story story, Settlement? settlement)
    {
        Task = task;
        _story = story;
        _settlement = settlement;
    }

    /// <summary>The task.</summary>
    public TaskId Task { get; }

    /// <summary>How it was settled; null while it is open.</summary>
    public Outcome? Outcome => _settlement?.Outcome;

    /// <summary>Why it was settled so, in words; null where there is nothing to say.</summary>
    public string? Reason => _settlement?.Reason;

    /// <summary>The decisions, oldest first; like iterations in a row are one step.</summary>
    public IReadOnlyList<StoryStep> Steps => _story.Steps;

    /// <summary>Steps in the middle of a very long story that are not kept.</summary>
    public int Omitted => _story.Omitted;

    /// <summary>The nodes that worked on it, in the order in which they came.</summary>
    public IReadOnlyList<NodeId> Nodes => [.. Steps.Select(step => step.Node).Distinct()];

    /// <summary>Model calls, failed ones and ballots included.</summary>
    public int Passes => _settlement?.Passes ?? Last?.Passes ?? 0;

    /// <summary>What the calls of models, scorers and validators cost, failed ones and ballots included.</summary>
    public double Cost => _settlement?.Cost ?? Last?.Cost ?? 0;

    /// <summary>Time on workers; zero while it is open.</summary>
    public TimeSpan TimeOnWorkers => TimeSpan.FromMilliseconds(_settlement?.ElapsedMs ?? 0);

    private StoryStep? Last => Steps.Count == 0 ? null : Steps[^1];

    /// <summary>The story in words, a line for each step.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"Task {Task}");
        foreach (var (step, index) in Steps.Select((step, index) => (step, index)))
        {
            if (index == Story.Beginning && Omitted > 0) text.Append(CultureInfo.InvariantCulture, $"\n  … {Omitted} steps …");
            text.Append("\n  ").Append(step);
        }

        text.Append("\n  ").Append(_settlement is null ? "still open" : $"settled as {Outcome}{(Reason is { } reason ? $": {reason}" : "")}");
        return text.Append(CultureInfo.InvariantCulture, $"\n  {Passes} passes, cost {Cost:0.######}, {TimeOnWorkers.TotalSeconds:0.###} s on workers").ToString();
    }
}
