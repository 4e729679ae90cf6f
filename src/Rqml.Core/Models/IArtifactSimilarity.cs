namespace Rqml;

/// <summary>Says how alike two artifacts are. Pure, symmetric and thread-safe. <see cref="Similarity"/> has the usual ones.</summary>
public interface IArtifactSimilarity<TArtifact>
{
    /// <summary>Similarity in [0, 1]; 1 for equal ones. A value that is not finite or out of range fails the pass with <see cref="ScoreOutOfRangeException"/>.</summary>
    ValueTask<double> MeasureAsync(TArtifact left, TArtifact right, CancellationToken cancellationToken);
}
