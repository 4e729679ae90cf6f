using System.Collections.Immutable;

namespace Quickstart.Learning;

/// <summary>
/// One sample of the training lines, drawn with replacement, and the lines it left out. Members trained on different samples
/// err differently, which is what makes their vote worth having; the left-out lines score a member without touching the test.
/// </summary>
/// <remarks>L. Breiman, "Bagging predictors", Machine Learning 24, 1996; the left-out score is his "out-of-bag estimate".</remarks>
public sealed class Bootstrap
{
    private Bootstrap(ulong seed, int number, ImmutableArray<int> drawn, ImmutableArray<int> leftOut)
    {
        Seed = seed;
        Number = number;
        Drawn = drawn;
        LeftOut = leftOut;
    }

    /// <summary>All training lines, each once, with none left out: for a model that learns alone.</summary>
    public static Bootstrap Everything { get; } = new(0, -1, [.. Enumerable.Range(0, Digits.Training.Count)], []);

    public ulong Seed { get; }

    /// <summary>Which of the samples of this seed.</summary>
    public int Number { get; }

    /// <summary>1,000 line numbers of <see cref="Digits.Training"/> in drawing order; some come twice or more.</summary>
    public ImmutableArray<int> Drawn { get; }

    /// <summary>The training lines that were never drawn, ascending; about 368 of 1,000.</summary>
    public ImmutableArray<int> LeftOut { get; }

    /// <summary>The same pair gives the same sample, always and everywhere.</summary>
    public static Bootstrap Draw(ulong seed, int number)
    {
        var count = Digits.Training.Count;
        var random = SplitMix64.For(seed, (ulong)number);
        var drawn = new int[count];
        var wasDrawn = new bool[count];
        foreach (ref var line in drawn.AsSpan())
        {
            line = random.Below(count);
            wasDrawn[line] = true;
        }

        return new Bootstrap(seed, number, [.. drawn], [.. Enumerable.Range(0, count).Where(line => !wasDrawn[line])]);
    }
}
