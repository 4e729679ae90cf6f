namespace Rqml.Supervision;

/// <summary>What has happened to a task, step by step. Immutable, and bounded: like iterations are one step, and of a very long story the middle is left out.</summary>
internal sealed record Story(IReadOnlyList<StoryStep> Steps, int Omitted)
{
    /// <summary>Steps that are kept.</summary>
    public const int Longest = 128;

    /// <summary>Steps at the beginning that are kept whatever comes.</summary>
    public const int Beginning = 32;

    public static Story Empty { get; } = new([], 0);

    /// <summary>The story with one more step. An iteration that went on just as the one before is told with it.</summary>
    public Story Add(StoryStep step)
    {
        if (Steps.Count > 0 && Steps[^1].TryJoin(step) is { } joined) return this with { Steps = [.. Steps.Take(Steps.Count - 1), joined] };
        if (Steps.Count < Longest) return this with { Steps = [.. Steps, step] };
        return new Story([.. Steps.Take(Beginning), .. Steps.Skip(Beginning + 1), step], Omitted + 1);
    }
}
