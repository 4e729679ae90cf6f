using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Answers;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI;

/// <summary>A model that asks a chat client for each pass. Thread-safe.</summary>
internal sealed class ChatRefinementModel<TPayload, TArtifact>(
    ChatCall call, ChatModelOptions options, AnswerShape<TArtifact> shape, Func<RefinementContext<TPayload, TArtifact>, IEnumerable<ChatMessage>> prompt, TimeProvider time)
    : IRefinementModel<TPayload, TArtifact>
{
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);
    private readonly Dialogue<TArtifact> _dialogue = new(call.Name, shape, options.RepairTurns);

    public async ValueTask<Refinement<TArtifact>> RefineAsync(RefinementContext<TPayload, TArtifact> context, CancellationToken cancellationToken)
    {
        ChatMessage[] messages = [new(ChatRole.System, options.Instructions ?? RefinementPrompt<TPayload, TArtifact>.Instructions), .. prompt(context)];
        var answer = await _dialogue.HoldAsync(messages, options.Streaming ? StreamAsync : AskAsync).ConfigureAwait(false);
        return new Refinement<TArtifact>(answer.Value, Cost: answer.Cost);

        async Task<ChatAnswer> StreamAsync(IReadOnlyList<ChatMessage> said, ChatResponseFormat format, double spent)
        {
            var relay = options.OnText is { } listener ? new TextRelay(listener, context.Pass) : null;
            context.Beat();
            try
            {
                return await call.StreamAsync(said, format, options.StallTimeout, Heard, spent, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                relay?.Complete();
            }

            void Heard(string piece)
            {
                context.Beat();
                relay?.Append(piece);
            }
        }

        async Task<ChatAnswer> AskAsync(IReadOnlyList<ChatMessage> said, ChatResponseFormat format, double spent)
        {
            // Nothing is heard until it is done, and its own limit ends it for sure.
            using var beats = time.CreateTimer(_ => context.Beat(), null, TimeSpan.Zero, BeatEvery);
            return await call.AskAsync(said, format, spent, cancellationToken).ConfigureAwait(false);
        }
    }
}
