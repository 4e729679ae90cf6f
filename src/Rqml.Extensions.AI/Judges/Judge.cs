using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Answers;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI.Judges;

/// <summary>Asks a chat client what it thinks of an answer, and waits where that has too much to do. Thread-safe.</summary>
internal sealed class Judge<TAnswer>(ChatCall call, AnswerShape<TAnswer> shape, TimeSpan timeout, TimeProvider time)
{
    private const int RepairTurns = 1;
    private readonly Dialogue<TAnswer> _dialogue = new(call.Name, shape, RepairTurns);
    private readonly Patience _patience = new(time, timeout);

    public string Name => call.Name;

    public Task<Read<TAnswer>> AskAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken) => _dialogue.HoldAsync(messages, (said, format, spent) =>
        _patience.MakeAsync(token => call.AskAsync(said, format, spent, token), cancellationToken));
}
