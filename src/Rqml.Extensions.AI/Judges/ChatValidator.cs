namespace Rqml.Extensions.AI.Judges;

/// <summary>A validator over a chat client. Thread-safe.</summary>
internal sealed class ChatValidator<TPayload, TArtifact>(Judge<VerdictAnswer> judge, JudgePrompt<TPayload, TArtifact> prompt) : IArtifactValidator<TPayload, TArtifact>
{
    public async ValueTask<Validation> ValidateAsync(TPayload payload, TArtifact artifact, CancellationToken cancellationToken)
    {
        var (answer, cost) = await judge.AskAsync(prompt.Of(payload, artifact), cancellationToken).ConfigureAwait(false);
        var confidence = double.IsNaN(answer.Confidence) ? 0 : Math.Clamp(answer.Confidence, 0, 1);
        return (answer.IsAcceptable ? Validation.Accept : Validation.Reject(answer.Remark)) with { Confidence = confidence, Cost = cost };
    }
}
