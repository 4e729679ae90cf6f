using Rqml.Supervision;

namespace Quickstart;

/// <summary>The way of one task: after each iteration its score and the model that made it, and how a vote on it ended.</summary>
public sealed class Course
{
    private readonly SortedDictionary<int, CoursePoint> _points = [];

    /// <summary>By iteration.</summary>
    public IReadOnlyCollection<CoursePoint> Points => _points.Values;

    /// <summary>The last vote on it; null where there was none.</summary>
    public VoteVerdict? Vote { get; private set; }

    /// <summary>True where the iteration is new: one that is made again after a loss comes again.</summary>
    public bool Add(CoursePoint point) => _points.TryAdd(point.Iteration, point);

    /// <summary>Takes from the task's story what this process has not seen itself, such as the iterations of an earlier run.</summary>
    public void Complete(IEnumerable<StoryStep> story)
    {
        ArgumentNullException.ThrowIfNull(story);
        foreach (var step in story)
        {
            if (step is { Kind: ObservationKind.Refined, Score: { } score }) Add(new CoursePoint(step.To, step.Model, score));
            if (step.Vote is { } tally) Vote = tally.Verdict;
        }
    }
}

/// <summary>One iteration.</summary>
public readonly record struct CoursePoint(int Iteration, string Model, double Score);
