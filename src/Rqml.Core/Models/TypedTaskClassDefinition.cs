using System.Diagnostics.CodeAnalysis;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Models;

/// <summary>Runs the typed code of one task class on bytes: what goes into a model and what comes out always makes the round trip, as if it ran elsewhere.</summary>
internal sealed class TaskClassDefinition<TPayload, TArtifact>(
    TaskClass<TPayload, TArtifact> @class,
    IReadOnlyList<ModelDescriptor> models,
    IReadOnlyDictionary<string, IRefinementModel<TPayload, TArtifact>> code,
    IArtifactScorer<TPayload, TArtifact>? scorer,
    IArtifactSimilarity<TArtifact>? similarity,
    IReadOnlyList<IArtifactValidator<TPayload, TArtifact>> validators,
    ClassPolicy policy,
    Datasets datasets,
    TimeProvider time)
    : TaskClassDefinition(@class, models, policy), IOpaqueTaskClass
{
    bool IOpaqueTaskClass.HasJsonPayload => ValueSerializer.IsJson(@class.PayloadSerializer);

    bool IOpaqueTaskClass.HasJsonArtifact => ValueSerializer.IsJson(@class.ArtifactSerializer);

    int IOpaqueTaskClass.MaxPayloadBytes => Policy.MaxPayloadBytes;

    async ValueTask<OpaqueSubmission> IOpaqueTaskClass.TrySubmitAsync(IRqmlClient client, ReadOnlyMemory<byte> payload, SubmitOptions options, CancellationToken cancellationToken)
    {
        if (payload.Length > Policy.MaxPayloadBytes) throw new PayloadTooLargeException(Key.Name, payload.Length, Policy.MaxPayloadBytes);
        return await client.TrySubmitAsync(@class, Read(@class.PayloadSerializer, payload, "payload"), options, cancellationToken) switch
        {
            SubmitOutcome<TArtifact>.Accepted taken => new(taken.Handle, false, null),
            SubmitOutcome<TArtifact>.Existing earlier => new(earlier.Handle, true, null),
            SubmitOutcome<TArtifact>.Full full => new(null, false, full.RetryAfter),
            _ => default,
        };
    }

    async ValueTask<IOpaqueHandle> IOpaqueTaskClass.AttachAsync(IRqmlClient client, TaskId task, CancellationToken cancellationToken) => await client.AttachAsync(@class, task, cancellationToken);

    public override ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken)
    {
        var payload = Read(@class.PayloadSerializer, request.Payload, "payload");
        var artifact = request.HasArtifact ? Read(@class.ArtifactSerializer, request.Artifact, "artifact") : default;
        var context = new RefinementContext<TPayload, TArtifact>(payload, artifact, request.HasArtifact, request.Pass, request.Beat) { Refusal = request.Refusal, Datasets = datasets };
        var refining = code[request.Pass.Model].RefineAsync(context, cancellationToken);

        // A model that computes, with nothing but its bytes to look at, is done here and now: no state machine is made for it.
        if (!refining.IsCompletedSuccessfully || scorer is not null || similarity is not null) return AssessAsync(request, payload, refining, cancellationToken);
        var refinement = refining.Result;
        var bytes = Accept(request, refinement);
        return new(new PassResult(bytes, ConfidenceOf(refinement), request.HasArtifact ? Alike(request.Artifact, bytes) : double.NaN, refinement.Cost ?? double.NaN) { Novelty = NoveltyOf(bytes, request.Recent) });
    }

    private async ValueTask<PassResult> AssessAsync(PassRequest request, TPayload payload, ValueTask<Refinement<TArtifact>> refining, CancellationToken cancellationToken)
    {
        var refinement = await refining;
        var bytes = Accept(request, refinement);
        request.Beat?.Invoke();      // scorer and similarity have as long as the model had
        var score = await ScoreAsync(request, payload, refinement, bytes, cancellationToken);
        request.Beat?.Invoke();
        var (similar, novelty) = (double.NaN, double.NaN);
        try
        {
            if (request.HasArtifact) similar = await CompareAsync(SideOf(request.Artifact), SideOf(bytes), cancellationToken);
            novelty = await NoveltyAsync(bytes, request.Recent, cancellationToken);
        }
        catch (ModelFailedException failure)
        {
            failure.Add(CostOf(request, refinement) + score.Cost);
            throw;
        }

        return new PassResult(bytes, score.Value, similar, score.Cost == 0 ? refinement.Cost ?? double.NaN : CostOf(request, refinement) + score.Cost) { Novelty = novelty };
    }

    /// <summary>The artifact's bytes, where it is one that a model may make.</summary>
    private ReadOnlyMemory<byte> Accept(in PassRequest request, in Refinement<TArtifact> refinement)
    {
        if (refinement.Artifact is null) throw new NullArtifactException(request.Pass.Model, Key.Name);
        var bytes = Write(refinement.Artifact);
        if (bytes.Length > Policy.MaxArtifactBytes) throw new ArtifactTooLargeException(Key.Name, request.Pass.Model, bytes.Length, Policy.MaxArtifactBytes);
        if (refinement.Cost is { } cost && !(cost >= 0 && double.IsFinite(cost))) throw new CostOutOfRangeException(Key.Name, request.Pass.Model, cost);
        return bytes;
    }

    public override async ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken)
    {
        var artifacts = new Side[request.Artifacts.Count];
        for (var index = 0; index < artifacts.Length; index++) artifacts[index] = SideOf(request.Artifacts[index]);
        var alike = new List<double>(artifacts.Length * (artifacts.Length - 1) / 2);
        for (var left = 0; left < artifacts.Length; left++)
        {
            for (var right = left + 1; right < artifacts.Length; right++) alike.Add(await CompareAsync(artifacts[left], artifacts[right], cancellationToken));
        }

        return alike;
    }

    public override async ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken)
    {
        var verdicts = new Validation[validators.Count];
        for (var index = 0; index < verdicts.Length; index++) verdicts[index] = await ValidateAsync(validators[index], request.Payload, request.Artifact, cancellationToken);
        return verdicts;
    }

    /// <summary>A validator with the last word is asked first. Then the voter's model has a pass at the artifact: one that it would leave as it is, it accepts.</summary>
    public override async ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken)
    {
        var asked = 0.0;
        for (var index = 0; index < validators.Count; index++)
        {
            if (Policy.Validators[index].Reliability < 1) continue;
            var verdict = await ValidateAsync(validators[index], request.Payload, request.Artifact, cancellationToken);
            asked += verdict.Cost;
            if (verdict.Judgement == Judgement.Reject) return new Ballot(Judgement.Reject, verdict.Reason, asked);
        }

        var pass = await RefineAsync(new PassRequest(request.Class, request.ClassVersion, request.Pass, request.Payload, request.Artifact, HasArtifact: true, request.Beat), cancellationToken);
        var agrees = pass.Similarity >= (Policy.Vote?.Agreement ?? 1);
        return new Ballot(agrees ? Judgement.Accept : Judgement.Reject, FormattableString.Invariant($"what {request.Pass.Model} makes of it is {pass.Similarity:0.###} like it"), asked == 0 ? pass.Cost : asked + (double.IsNaN(pass.Cost) ? Models[IndexOf(request.Pass.Model)].Cost : pass.Cost));
    }

    /// <summary>One verdict; of a validator that throws or takes too long an abstention, so that others may still refuse.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A validator is a user's: whatever it throws is an abstention.")]
    private async ValueTask<Validation> ValidateAsync(IArtifactValidator<TPayload, TArtifact> validator, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> artifact, CancellationToken cancellationToken)
    {
        using var expiry = new CancellationTokenSource(Policy.ValidatorTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expiry.Token);
        try
        {
            var validation = validator.ValidateAsync(Read(@class.PayloadSerializer, payload, "payload"), Read(@class.ArtifactSerializer, artifact, "artifact"), either.Token);
            var verdict = validation.IsCompletedSuccessfully ? validation.Result : await validation.AsTask().WaitAsync(either.Token);
            if (!Enum.IsDefined(verdict.Judgement)) return Validation.Failed($"it said {(int)verdict.Judgement}, which is no verdict");
            return verdict.Confidence is >= 0 and <= 1 ? verdict : Validation.Failed(FormattableString.Invariant($"its confidence is {verdict.Confidence}; it takes 0 to 1")) with { Cost = verdict.Cost };
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return Validation.Failed(expiry.IsCancellationRequested ? $"it took longer than {Policy.ValidatorTimeout}" : $"{error.GetType().Name}: {error.Message}") with { Cost = (error as ModelFailedException)?.Cost ?? 0 };
        }
    }

    private static double NoveltyOf(ReadOnlyMemory<byte> artifact, IReadOnlyList<ReadOnlyMemory<byte>> recent)
    {
        if (recent.Count == 0) return double.NaN;
        for (var index = 0; index < recent.Count; index++)
        {
            if (Alike(recent[index], artifact) > 0) return 0;
        }

        return 1;
    }

    private async ValueTask<double> NoveltyAsync(ReadOnlyMemory<byte> artifact, IReadOnlyList<ReadOnlyMemory<byte>> recent, CancellationToken cancellationToken)
    {
        if (recent.Count == 0) return double.NaN;
        var most = 0.0;
        var newest = SideOf(artifact);
        for (var index = 0; index < recent.Count; index++) most = Math.Max(most, await CompareAsync(SideOf(recent[index]), newest, cancellationToken));
        return 1 - most;
    }

    private async ValueTask<Score> ScoreAsync(PassRequest request, TPayload payload, Refinement<TArtifact> refinement, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (scorer is null) return ConfidenceOf(refinement);
        try
        {
            var score = await scorer.ScoreAsync(payload, Read(@class.ArtifactSerializer, bytes, "artifact"), cancellationToken);
            InRange("scorer", score.Value);
            return score;
        }
        catch (ModelFailedException failure)
        {
            failure.Add(CostOf(request, refinement));
            throw;
        }
    }

    private double CostOf(in PassRequest request, in Refinement<TArtifact> refinement) => refinement.Cost ?? Models[IndexOf(request.Pass.Model)].Cost;

    private double ConfidenceOf(in Refinement<TArtifact> refinement) => refinement.Confidence is { } confidence ? InRange("confidence", confidence) : double.NaN;

    /// <summary>Without a measure of the class's own, equal bytes are alike.</summary>
    private static double Alike(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after) => before.Span.SequenceEqual(after.Span) ? 1 : 0;

    /// <summary>Both are read anew, so that nothing a model changed or kept can speak here. Without a measure of the class's own, equal bytes are alike.</summary>
    private async ValueTask<double> CompareAsync(Side before, Side after, CancellationToken cancellationToken)
    {
        if (similarity is null) return Alike(before.Bytes, after.Bytes);
        return InRange("similarity", await similarity.MeasureAsync(before.Artifact!, after.Artifact!, cancellationToken));
    }

    private Side SideOf(ReadOnlyMemory<byte> bytes) => new(bytes, similarity is null ? default : Read(@class.ArtifactSerializer, bytes, "artifact"));

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
        try
        {
            return ValueBytes.Of(@class.ArtifactSerializer, artifact);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new SerializationFailedException(typeof(TArtifact), "artifact", error);
        }
    }

    /// <summary>One side of a comparison: read once, whatever it is compared with. Without a measure its bytes are enough.</summary>
    private readonly record struct Side(ReadOnlyMemory<byte> Bytes, TArtifact? Artifact);
}
