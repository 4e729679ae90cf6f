namespace Rqml.Queues;

/// <summary>A task's place within its class: smaller goes first. It never changes while the task waits, although its priority rises.</summary>
/// <remarks>
/// <para>
/// A waiting task gains one level of priority per <c>ageEveryMs</c>. Were every task aged from its own start, two tasks would gain their levels at
/// different moments, their order would change as time passes and a heap would have to be rebuilt. So all tasks gain theirs together, at the multiples
/// of <c>ageEveryMs</c>: the aged priority is <c>priority + ⌊now/age⌋ − ⌊since/age⌋</c>. What depends on <c>now</c> is the same for all; the order is
/// that of <c>⌊since/age⌋ − priority</c>, which is fixed when the task comes.
/// </para>
/// <para>
/// The price: a task may have one level more than <c>⌊waited/age⌋</c>, never less and never more than one. The gain over the finer key
/// <c>since − priority × age</c> is that tasks of one priority that came within the same level tie, so that the easier can go first.
/// </para>
/// </remarks>
internal readonly record struct AgedRank(long Value)
{
    // One compare instead of two: the level takes the upper 44 bits, enough for 270 years in levels of 1 ms; the difficulty the lower 20, a millionth.
    private const int DifficultyBits = 20;
    private const long HardestDifficulty = (1L << DifficultyBits) - 1;
    private const long LevelLimit = (1L << (63 - DifficultyBits)) - 1;

    public static AgedRank Of(int priority, double difficulty, long sinceMs, long ageEveryMs)
    {
        var level = Math.Clamp(Math.Clamp(Tick(sinceMs, ageEveryMs), -LevelLimit, LevelLimit) - priority, -LevelLimit, LevelLimit);
        return new((level << DifficultyBits) | (long)(difficulty * HardestDifficulty));
    }

    /// <summary>The priority with the levels gained until <paramref name="nowMs"/>.</summary>
    public int PriorityAt(long nowMs, long ageEveryMs) => (int)Math.Clamp(Tick(nowMs, ageEveryMs) - (Value >> DifficultyBits), int.MinValue, int.MaxValue);

    public static bool operator <(AgedRank left, AgedRank right) => left.Value < right.Value;

    public static bool operator >(AgedRank left, AgedRank right) => left.Value > right.Value;

    // Rounds down below zero too, so that a monotone clock with a negative start ages evenly.
    private static long Tick(long ms, long ageEveryMs) => ms >= 0 ? ms / ageEveryMs : ~(~ms / ageEveryMs);
}
