using Rqml.Supervision;

namespace Rqml.Refinement;

/// <summary>What a task class asks of the loop. Immutable.</summary>
internal sealed record ClassPolicy
{
    /// <summary>The most that a class may allow for a payload or an artifact: half of the longest frame, so that the rest of what a frame carries has room beside it.</summary>
    public const int LargestValueBytes = 16 << 20;

    public int MaxIterations { get; init; } = 64;

    public TimeSpan MaxTime { get; init; } = TimeSpan.FromHours(1);

    public double MaxCost { get; init; } = double.PositiveInfinity;

    public int MaxPayloadBytes { get; init; } = LargestValueBytes;

    public int MaxArtifactBytes { get; init; } = LargestValueBytes;

    public TimeSpan BeatTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Every rule has to hold.</summary>
    public IReadOnlyList<ConvergenceRule> Rules { get; init; } = [];

    /// <summary>A converged artifact below this score escalates; null: any score will do.</summary>
    public double? AcceptAt { get; init; }

    public bool HasValidators { get; init; }

    public bool HasScorer { get; init; }

    public ISupervisionPolicy Supervision { get; init; } = DefaultSupervisionPolicy.Instance;
}
