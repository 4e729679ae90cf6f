using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Rqml.Nodes;
using Rqml.Refinement;

namespace Rqml.Models;

/// <summary>Runs the typed code of one task class on bytes: what goes into a model and what comes out always makes the round trip, as if it ran elsewhere.</summary>
internal sealed class TaskClassDefinition<TPayload, TArtifact>(
    TaskClass<TPayload, TArtifact> @class,
    IReadOnlyList<ModelDescriptor> models,
    IReadOnlyDictionary<string, IRefinementModel<TPayload, TArtifact>> code,
    IArtifactScorer<TPayload, TArtifact>? scorer,
    IArtifactSimilarity<TArtifact>? similarity,
    IReadOnlyList<IArtifactValidator<TPayload, TArtifact>> validators,
    ClassPolicy policy)
    : TaskClassDefinition(@class, models, policy)
{
    public override async ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken)
    {
        var payload = Read(@class.PayloadSerializer, request.Payload, "payload");
        var artifact = request.HasArtifact ? Read(@class.ArtifactSerializer, request.Artifact, "artifact") : default;
        var context = new RefinementContext<TPayload, TArtifact>(payload, artifact, request.HasArtifact, request.Pass, request.Beat);
        var refinement = await code[request.Pass.Model].RefineAsync(context, cancellationToken);
        if (refinement.Artifact is null) throw new NullArtifactException(request.Pass.Model, Key.Name);

        var bytes = Write(refinement.Artifact);
        if (bytes.Length > Policy.MaxArtifactBytes) throw new ArtifactTooLargeException(Key.Name, request.Pass.Model, bytes.Length, Policy.MaxArtifactBytes);
        if (refinement.Cost is { } cost && !(cost >= 0 && double.IsFinite(cost))) throw new CostOutOfRangeException(Key.Name, request.Pass.Model, cost);
        var score = await ScoreAsync(payload, refinement, bytes, cancellationToken);
        var similar = request.HasArtifact ? await CompareAsync(request.Artifact, bytes, cancellationToken) : double.NaN;
        return new PassResult(bytes, score, similar, refinement.Cost ?? double.NaN);
    }

    /// <summary>Asks all until one refuses. One that throws abstains, so that another may still refuse; where none does, what the first of them threw is told.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A validator is a user's: whatever it throws is an abstention.")]
    public override async ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? abstention = null;
        foreach (var validator in validators)
        {
            try
            {
                var payload = Read(@class.PayloadSerializer, request.Payload, "payload");
                var artifact = Read(@class.ArtifactSerializer, request.Artifact, "artifact");
                var validation = await validator.ValidateAsync(payload, artifact, cancellationToken);
                if (!validation.Accepted) return validation;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                abstention ??= ExceptionDispatchInfo.Capture(error);
            }
        }

        abstention?.Throw();
        return Validation.Accept;
    }

    private async ValueTask<double> ScoreAsync(TPayload payload, Refinement<TArtifact> refinement, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var score = refinement.Confidence is { } confidence ? InRange("confidence", confidence) : double.NaN;
        if (scorer is null) return score;
        var artifact = Read(@class.ArtifactSerializer, bytes, "artifact");
        return InRange("scorer", await scorer.ScoreAsync(payload, artifact, cancellationToken));
    }

    /// <summary>Both are read anew, so that nothing a model changed or kept can speak here. Without a measure of the class's own, equal bytes are alike.</summary>
    private async ValueTask<double> CompareAsync(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, CancellationToken cancellationToken)
    {
        if (similarity is null) return before.Span.SequenceEqual(after.Span) ? 1.0 : 0.0;
        var left = Read(@class.ArtifactSerializer, before, "artifact");
        var right = Read(@class.ArtifactSerializer, after, "artifact");
        return InRange("similarity", await similarity.MeasureAsync(left, right, cancellationToken));
    }

    private double InRange(string what, double value) => value is >= 0 and <= 1 ? value : throw new ScoreOutOfRangeException(what, Key.Name, value);

    private static T Read<T>(IValueSerializer<T> serializer, ReadOnlyMemory<byte> bytes, string what)
    {
        try
        {
            return serializer.Deserialize(bytes);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new SerializationFailedException(typeof(T), what, error);
        }
    }

    /// <summary>The bytes are always the serializer's own: an artifact never changes, and a model may use the buffer that it gave us again.</summary>
    private ReadOnlyMemory<byte> Write(TArtifact artifact)
    {
        var buffer = new ArrayBufferWriter<byte>(artifact is ReadOnlyMemory<byte> raw ? Math.Max(1, raw.Length) : 256);      // raw bytes are copied once, into their own length
        try
        {
            @class.ArtifactSerializer.Serialize(artifact, buffer);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new SerializationFailedException(typeof(TArtifact), "artifact", error);
        }

        return buffer.WrittenMemory;
    }
}
