namespace Rqml.Scheduling;

/// <summary>How hard a task is expected to be, in [0,1]: what its submitter states, or what is learnt of its class's finished tasks. Not thread-safe.</summary>
/// <remarks>
/// A finished task's difficulty is the share of the class's iteration limit that it used. The class's is a mean in which each task counts 1/16: the plain
/// mean of the first sixteen, then exponentially weighted, so that it follows a class that changes within some thirty tasks.
/// </remarks>
internal sealed class ExpectedDifficulty
{
    /// <summary>For a class of which nothing has finished.</summary>
    public const double Unknown = 0.5;

    private const int Memory = 16;

    private readonly Dictionary<string, Learnt> _classes = new(StringComparer.Ordinal);

    /// <summary>The stated difficulty or, where none is, the learnt one.</summary>
    public double Of(string taskClass, double? stated)
    {
        if (stated is not (null or (>= 0 and <= 1))) throw new ArgumentOutOfRangeException(nameof(stated), stated, $"A difficulty is in [0,1], not {stated}.");
        return stated ?? (_classes.TryGetValue(taskClass, out var learnt) ? learnt.Mean : Unknown);
    }

    /// <summary>Learns from a finished task. One that went on after its limit was raised counts as one that used it all.</summary>
    public void Learn(string taskClass, int iterations, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        var used = Math.Min(1, (double)iterations / limit);
        var learnt = _classes.GetValueOrDefault(taskClass);
        var seen = Math.Min(Memory, learnt.Seen + 1);
        _classes[taskClass] = new(learnt.Mean + ((used - learnt.Mean) / seen), seen);
    }

    private readonly record struct Learnt(double Mean, int Seen);
}
