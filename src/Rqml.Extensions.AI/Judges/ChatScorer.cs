namespace Rqml.Extensions.AI.Judges;

/// <summary>A scorer over a chat client. Thread-safe.</summary>
internal sealed class ChatScorer<TPayload, TArtifact>(Judge<ScoreAnswer> judge, JudgePrompt<TPayload, TArtifact> prompt) : IArtifactScorer<TPayload, TArtifact>
{
    public async ValueTask<Score> ScoreAsync(TPayload payload, TArtifact artifact, CancellationToken cancellationToken)
    {
        var (answer, cost) = await judge.AskAsync(prompt.Of(payload, artifact), cancellationToken).ConfigureAwait(false);
        return answer.Score is >= 0 and <= 1 ? new Score(answer.Score) { Cost = cost } : throw new UnusableAnswerException(judge.Name, FormattableString.Invariant($"its score is {answer.Score}, and takes 0 to 1"), cost);
    }
}
