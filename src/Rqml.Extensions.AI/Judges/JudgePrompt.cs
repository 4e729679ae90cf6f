using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Answers;

namespace Rqml.Extensions.AI.Judges;

/// <summary>What a judge is told: its criteria, the task and the answer.</summary>
internal sealed class JudgePrompt<TPayload, TArtifact>(string criteria, AnswerShape<TPayload> payload, AnswerShape<TArtifact> artifact)
{
    public ChatMessage[] Of(TPayload task, TArtifact answer) =>
    [
        new(ChatRole.System, $"You judge an answer to a task by these criteria, and by nothing else. You do not write a better one.\n{criteria}"),
        new(ChatRole.User, $"# Task\n{payload.Show(task)}\n\n# Answer\n{artifact.Show(answer)}"),
    ];
}
