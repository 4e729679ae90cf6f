using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Answers;

namespace Rqml.Extensions.AI;

/// <summary>The usual prompt of a pass: the task, the answer so far, what reviewers said of it, and what is asked for.</summary>
internal sealed class RefinementPrompt<TPayload, TArtifact>(AnswerShape<TPayload> payload, AnswerShape<TArtifact> artifact)
{
    public const string Instructions =
        "You work on a task together with others, in rounds. In each round you are given the task and the best answer so far, and write a better one. "
        + "Heed what reviewers say. Keep what is good. An answer that needs no change you repeat word for word. Write the answer alone, without a word about it.";

    public IEnumerable<ChatMessage> Of(RefinementContext<TPayload, TArtifact> context)
    {
        var text = new StringBuilder("# Task\n").Append(payload.Show(context.Payload));
        if (context.HasArtifact) text.Append("\n\n# Answer so far\n").Append(artifact.Show(context.Artifact!));
        if (context.Refusal is { } refusal) text.Append("\n\n# What reviewers said of it\n").Append(refusal);
        yield return new ChatMessage(ChatRole.User, text.Append("\n\n").Append(AskedFor(context)).ToString());
    }

    private static string AskedFor(RefinementContext<TPayload, TArtifact> context)
    {
        if (context.Iteration == 0) return "# Vote\nIs that answer right? Then repeat it word for word. Else write the right one.";
        var asked = !context.HasArtifact ? "Write the first answer." : context.Refusal is null ? "Write a better answer." : "Write a better answer, which meets what reviewers said.";
        return string.Create(CultureInfo.InvariantCulture, $"# Round {context.Iteration}\n{asked}");
    }
}
