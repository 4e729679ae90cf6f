using Rqml.Supervision;

namespace Rqml.Refinement;

/// <summary>All that resuming a task needs, as of an iteration boundary. Immutable; the content of a checkpoint.</summary>
internal sealed record RefinementSnapshot
{
    public static RefinementSnapshot Empty { get; } = new();

    /// <summary>Iterations done.</summary>
    public int Iteration { get; init; }

    /// <summary>Index of the model that works next.</summary>
    public int Model { get; init; }

    /// <summary>The highest tier that has worked.</summary>
    public int Tier { get; init; }

    public ReadOnlyMemory<byte> Artifact { get; init; }

    public bool HasArtifact { get; init; }

    public double Score { get; init; } = double.NaN;

    /// <summary>The best artifact so far: never lost, whatever later iterations make.</summary>
    public ReadOnlyMemory<byte> Best { get; init; }

    public double BestScore { get; init; } = double.NaN;

    public int BestIteration { get; init; }

    /// <summary>Of successive artifacts of the current model, oldest first, as many as the rules look at.</summary>
    public IReadOnlyList<double> Similarities { get; init; } = [];

    public int Failures { get; init; }

    public int Rejections { get; init; }

    public long ElapsedMs { get; init; }

    public double Cost { get; init; }

    /// <summary>Decisions since the snapshot that was persisted last.</summary>
    public IReadOnlyList<DecisionRecord> Decisions { get; init; } = [];
}
