using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI.Answers;

/// <summary>Asks until the answer can be read: a client that got it wrong is told so, so many times.</summary>
internal sealed class Dialogue<T>(string name, AnswerShape<T> shape, int repairTurns)
{
    /// <summary>A call: what is said, in which format, and what was spent before it.</summary>
    public delegate Task<ChatAnswer> Ask(IReadOnlyList<ChatMessage> messages, ChatResponseFormat format, double spent);

    /// <exception cref="UnusableAnswerException">No answer could be read.</exception>
    public async Task<Read<T>> HoldAsync(IReadOnlyList<ChatMessage> messages, Ask ask)
    {
        var spent = 0.0;
        for (var turn = 0; ; turn++)
        {
            var answer = await ask(messages, shape.Format, spent).ConfigureAwait(false);
            spent = answer.Cost;
            if (answer.Fault is { } none) throw new UnusableAnswerException(name, none, spent);      // asked again it would be cut or withheld again
            if (shape.Read(answer.Text, out var value) is not { } fault) return new Read<T>(value, spent);
            if (turn == repairTurns) throw new UnusableAnswerException(name, fault.Words, spent);
            messages = [.. messages, new ChatMessage(ChatRole.Assistant, answer.Text), new ChatMessage(ChatRole.User, $"That cannot be read. {fault.Detail}\n{shape.Wanted}")];
        }
    }
}

/// <summary>An answer that could be read, and what it cost.</summary>
internal readonly record struct Read<T>(T Value, double Cost);
