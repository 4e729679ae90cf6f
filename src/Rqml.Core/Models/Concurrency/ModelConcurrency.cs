namespace Rqml;

/// <summary>How many calls of a model may be in flight at once on a node.</summary>
public sealed record ModelConcurrency
{
    private const int Largest = 1_024;

    private ModelConcurrency(int from, int to) => (From, To) = (from, to);

    /// <summary>The fewest; where an adaptive limit begins.</summary>
    public int From { get; }

    /// <summary>The most.</summary>
    public int To { get; }

    /// <summary>Always so many.</summary>
    /// <param name="calls">From 1 to 1,024.</param>
    public static ModelConcurrency Fixed(int calls)
    {
        ThrowIfOutside(calls, nameof(calls));
        return new(calls, calls);
    }

    /// <summary>
    /// As many as the model serves without making each slower, found from how long calls take and from <see cref="ModelOverloadedException"/>; see
    /// Netflix concurrency-limits (2018), and Chiu and Jain (1989).
    /// </summary>
    /// <param name="from">The fewest, with which it begins. From 1 to 1,024.</param>
    /// <param name="to">The most. From <paramref name="from"/> to 1,024.</param>
    public static ModelConcurrency Adaptive(int from = 1, int to = 64)
    {
        ThrowIfOutside(from, nameof(from));
        ThrowIfOutside(to, nameof(to));
        if (from > to) throw new ArgumentOutOfRangeException(nameof(to), to, $"The most calls in flight are no fewer than the fewest, {from}.");
        return new(from, to);
    }

    /// <summary>"4" or "1 to 64".</summary>
    public override string ToString() => From == To ? $"{From}" : $"{From} to {To}";

    private static void ThrowIfOutside(int calls, string name)
    {
        if (calls is < 1 or > Largest) throw new ArgumentOutOfRangeException(name, calls, "Calls in flight are from 1 to 1,024.");
    }
}
