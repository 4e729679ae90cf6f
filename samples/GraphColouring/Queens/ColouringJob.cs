namespace GraphColouring.Queens;

/// <summary>A task's payload: colour this board's queen graph in so many colours, from the start that the seed draws.</summary>
/// <exception cref="ArgumentOutOfRangeException">There is no such board, or the colours are too few or too many.</exception>
public sealed record ColouringJob(int Size, int Colours, ulong Seed)
{
    public int Size { get; } = QueenGraph.Of(Size).Size;

    public int Colours { get; } = Colouring.CheckColours(Colours);

    /// <summary>Where a round begins: at what came of the one before, or, in the first, at a colouring drawn by this job's seed.</summary>
    /// <exception cref="ArgumentException">The colouring is one of another job.</exception>
    internal Colouring StartFrom(Colouring? current)
    {
        if (current is null) return Colouring.Draw(this);
        if (current.Size == Size && current.Colours == Colours) return current;
        throw new ArgumentException($"A board of {current.Size} in {current.Colours} colours goes on; the job has {Size} in {Colours}.", nameof(current));
    }

    /// <summary>What a round draws from. Rounds of one seed differ by the moves before them.</summary>
    internal SplitMix64 Randomness(Colouring start, ulong seed) => SplitMix64.For(Seed, seed, (ulong)start.Moves);
}
