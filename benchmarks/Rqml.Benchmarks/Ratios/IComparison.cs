namespace Rqml.Benchmarks.Ratios;

/// <summary>The same work twice: as little as can be done for it (the floor), and by Rqml. Both check what they made.</summary>
public interface IComparison
{
    /// <summary>Units of work in one call of either.</summary>
    int Operations { get; }

    Task Setup();

    Task Floor();

    Task Rqml();

    Task Cleanup();
}
