using GraphColouring.Queens;
using Rqml;
using Rqml.Supervision;

namespace GraphColouring;

/// <summary>One start of one board, and how it ended.</summary>
public sealed record Trial(Board Board, ulong Seed, RefinementResult<Colouring> Result)
{
    /// <summary>What the task says of itself.</summary>
    public bool IsSolved => Result.Outcome == Outcome.Converged;

    /// <summary>What a recount says: the artifact is read anew, and every line of the board is walked.</summary>
    public bool IsVerified { get; } = Result.HasArtifact && Verifier.Accepts(new ColouringJob(Board.Size, Board.Colours, Seed), Result.Artifact);

    public bool HasStalledOnSmall => Result.Story.Steps.Any(step => step is { Model: ColourQueens.SmallModel, Concern.Kind: ConcernKind.Stall });

    public int Count(SupervisionAction action) => Result.Story.Steps.Count(step => step.Action == action);

    /// <summary>How much there is to learn from it: kinds of decisions that were taken.</summary>
    public int Turns => Result.Story.Steps.Select(step => step.Action).Distinct().Count();
}
