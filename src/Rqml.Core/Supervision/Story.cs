namespace Rqml.Supervision;

/// <summary>What has happened to a task, step by step. Immutable, and bounded: like iterations are one step, and of a very long story the middle is left out.</summary>
/// <remarks>The newest decisions are told when somebody asks, or there are many: of most tasks, which end after a few, nobody does.</remarks>
internal sealed class Story
{
    /// <summary>Steps that are kept.</summary>
    public const int Longest = 128;

    /// <summary>Steps at the beginning that are kept whatever comes.</summary>
    public const int Beginning = 32;

    /// <summary>Decisions that may wait to be told.</summary>
    private const int MostUntold = 16;

    private volatile Story? _before;      // both until it is told: what is told needs no chain behind it
    private volatile DecisionRecord? _newest;
    private readonly int _untold;
    private volatile Told? _told;

    public Story(IReadOnlyList<StoryStep> steps, int omitted) => _told = new Told(steps, omitted);

    private Story(Story before, DecisionRecord newest) => (_before, _newest, _untold) = (before, newest, before._told is null ? before._untold + 1 : 1);

    public static Story Empty { get; } = new([], 0);

    public IReadOnlyList<StoryStep> Steps => Tell().Steps;

    /// <summary>Steps in the middle that were left out.</summary>
    public int Omitted => Tell().Omitted;

    /// <summary>The story with one more decision.</summary>
    public Story Add(DecisionRecord record)
    {
        if (_untold >= MostUntold) Tell();
        return new Story(this, record);
    }

    /// <summary>Two that tell it at once come to the same.</summary>
    private Told Tell()
    {
        var (before, newest) = (_before, _newest);      // read before it is looked whether they are needed
        if (_told is { } told) return told;
        told = before!.Tell().With(StoryStep.Of(newest!));
        _told = told;
        (_before, _newest) = (null, null);
        return told;
    }

    private sealed record Told(IReadOnlyList<StoryStep> Steps, int Omitted)
    {
        /// <summary>An iteration that went on just as the one before is told with it.</summary>
        public Told With(StoryStep step)
        {
            if (Steps.Count > 0 && Steps[^1].TryJoin(step) is { } joined) return this with { Steps = [.. Steps.Take(Steps.Count - 1), joined] };
            if (Steps.Count < Longest) return this with { Steps = [.. Steps, step] };
            return new Told([.. Steps.Take(Beginning), .. Steps.Skip(Beginning + 1), step], Omitted + 1);
        }
    }
}
