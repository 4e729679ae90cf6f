using Rqml;
using Rqml.Supervision;

namespace Quickstart;

/// <summary>What supervision saw and decided over all tasks, as their stories tell it.</summary>
/// <param name="Stalled">Tasks that the monitor saw stalled on the model that begins.</param>
/// <param name="Escalated">Tasks that went on to a larger model.</param>
/// <param name="Voted">Tasks that were voted on.</param>
/// <param name="Counted">How often each decision was made, by its name.</param>
public sealed record Decisions(int Stalled, int Escalated, int Voted, IReadOnlyDictionary<string, int> Counted)
{
    public static Decisions Of(IReadOnlyCollection<IReadOnlyList<StoryStep>> stories) => new(
        stories.Count(story => story.Any(step => step is { Concern.Kind: ConcernKind.Stall, Model: LearnDigits.Small })),
        stories.Count(story => story.Any(step => step.Action == SupervisionAction.Escalate)),
        stories.Count(story => story.Any(step => step.Vote is not null)),
        stories.SelectMany(story => story)
            .GroupBy(step => step.Action, step => step.To - step.From + 1)      // a step tells of like iterations in a row
            .OrderBy(decision => decision.Key)
            .ToDictionary(decision => decision.Key.ToString(), decision => decision.Sum()));

    /// <summary>How much there is to learn from a story: its different decisions and what they followed from.</summary>
    public static int Variety(IEnumerable<StoryStep> story) => story.Select(step => (step.Kind, step.Action, step.Concern?.Kind, step.Vote?.Verdict)).Distinct().Count();
}
