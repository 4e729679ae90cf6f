using System.Text.Json.Serialization;

namespace Rqml.Docs.Tests.Snippets;

#region snippet
public sealed record Number(double Value);

public sealed record Root(double Value);

[JsonSerializable(typeof(Number))]
[JsonSerializable(typeof(Root))]
public sealed partial class RootJson : JsonSerializerContext;
#endregion

public static class SquareRoots
{
    #region snippet
    public static readonly TaskClass<Number, Root> SquareRoot = new("square-root", RootJson.Default.Number, RootJson.Default.Root);
    #endregion
}

#region snippet
/// <summary>Newton's method, rounded to one digit: soon stable, never exact.</summary>
public sealed class RoughStep : IRefinementModel<Number, Root>
{
    public ValueTask<Refinement<Root>> RefineAsync(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
    {
        var number = context.Payload.Value;
        var root = context.HasArtifact ? context.Artifact!.Value : number;
        return new(new Root(Math.Round((root + number / root) / 2, 1)));
    }
}

/// <summary>Newton's method.</summary>
public sealed class NewtonStep : IRefinementModel<Number, Root>
{
    public ValueTask<Refinement<Root>> RefineAsync(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
    {
        var number = context.Payload.Value;
        var root = context.HasArtifact ? context.Artifact!.Value : number;
        return new(new Root((root + number / root) / 2));
    }
}
#endregion

#region snippet
public sealed class Closeness : IArtifactScorer<Number, Root>
{
    public ValueTask<Score> ScoreAsync(Number payload, Root artifact, CancellationToken cancellationToken) =>
        new(1 - Math.Min(1, Math.Abs(artifact.Value * artifact.Value - payload.Value) / payload.Value));
}

public sealed class RelativeDistance : IArtifactSimilarity<Root>
{
    public ValueTask<double> MeasureAsync(Root left, Root right, CancellationToken cancellationToken) =>
        new(left == right ? 1 : 1 - Math.Min(1, Math.Abs(left.Value - right.Value) / Math.Max(Math.Abs(left.Value), Math.Abs(right.Value))));
}

public sealed class PositiveRoot : IArtifactValidator<Number, Root>
{
    public ValueTask<Validation> ValidateAsync(Number payload, Root artifact, CancellationToken cancellationToken) =>
        new(artifact.Value > 0 ? Validation.Accept : Validation.Reject($"{artifact.Value} is not above zero"));
}
#endregion
