namespace GraphColouring.Queens;

/// <summary>Improves colourings of a job, one round at a time. Stateless: all that a round needs is in its arguments.</summary>
public interface IImprover
{
    /// <summary>
    /// One more round from <paramref name="current"/>, or from the job's own start where that is null: a bounded number of moves, and of all the colourings met
    /// the best, which is never worse than the one begun with, and equal to it but for <see cref="Colouring.Moves"/> where nothing better was met. The same
    /// arguments give the same bits; another seed takes another way.
    /// </summary>
    /// <exception cref="ArgumentException">The colouring is one of another job.</exception>
    Colouring Improve(Colouring? current, ColouringJob job, ulong seed);
}
