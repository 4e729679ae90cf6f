using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Calls;

/// <summary>Calls of one chat client: bounded in time, charged by their tokens, and failing with errors that say what follows and nothing that was said. Thread-safe.</summary>
internal sealed class ChatCall(string name, IChatClient client, ChatCallOptions options, Tariff tariff, TimeProvider time)
{
    public string Name => name;

    /// <summary>One answer as a whole.</summary>
    /// <param name="messages">What is said.</param>
    /// <param name="format">What is asked for.</param>
    /// <param name="spent">What earlier turns cost.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<ChatAnswer> AskAsync(IReadOnlyList<ChatMessage> messages, ChatResponseFormat format, double spent, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            // A client that does not listen is left behind.
            var response = await client.GetResponseAsync(messages, options.ForCall(format), either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return new ChatAnswer(TextOf(response), response.FinishReason, spent + tariff.Of(response.Usage));
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            throw limit.IsCancellationRequested ? new ChatTimeoutException(name, nameof(options.Timeout), options.Timeout, spent + tariff.Declared, error) : Failure(error, spent);
        }
    }

    /// <summary>One answer, piece by piece.</summary>
    /// <param name="messages">What is said.</param>
    /// <param name="format">What is asked for.</param>
    /// <param name="stall">How long there may be no piece.</param>
    /// <param name="heard">Is given each piece, which may be empty.</param>
    /// <param name="spent">What earlier turns cost.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<ChatAnswer> StreamAsync(
        IReadOnlyList<ChatMessage> messages, ChatResponseFormat format, TimeSpan stall, Action<string> heard, double spent, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var stalled = new CancellationTokenSource(stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token, stalled.Token);
        try
        {
            var updates = new List<ChatResponseUpdate>();
            await foreach (var update in Patient(client.GetStreamingResponseAsync(messages, options.ForCall(format), either.Token), either.Token).ConfigureAwait(false))
            {
                stalled.CancelAfter(stall);
                updates.Add(update);
                heard(update.Text);
            }

            either.Token.ThrowIfCancellationRequested();      // a client may just stop where it was told to
            var response = updates.ToChatResponse();
            var cost = spent + tariff.Of(response.Usage);
            return response.FinishReason is null ? throw new UnusableAnswerException(name, "its stream broke off", cost) : new ChatAnswer(TextOf(response), response.FinishReason, cost);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is not UnusableAnswerException)
        {
            if (limit.IsCancellationRequested) throw new ChatTimeoutException(name, nameof(options.Timeout), options.Timeout, spent + tariff.Declared, error);
            throw stalled.IsCancellationRequested ? new ChatTimeoutException(name, nameof(ChatModelOptions.StallTimeout), stall, spent + tariff.Declared, error) : Failure(error, spent);
        }
    }

    /// <summary>The pieces; a client that does not listen to the token is left behind with the one that it waits for.</summary>
    private static async IAsyncEnumerable<ChatResponseUpdate> Patient(IAsyncEnumerable<ChatResponseUpdate> pieces, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = pieces.GetAsyncEnumerator(cancellationToken);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = source.MoveNextAsync().AsTask();
                if (!await next.WaitAsync(cancellationToken).ConfigureAwait(false)) yield break;
                yield return source.Current;
            }
        }
        finally
        {
            if (next.IsCompleted) await source.DisposeAsync().ConfigureAwait(false);
            else _ = CloseLaterAsync(source, next);      // one at work may not be closed
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whoever asked has had its answer; what the client throws at its end is nobody's.")]
    private static async Task CloseLaterAsync(IAsyncEnumerator<ChatResponseUpdate> source, Task<bool> next)
    {
        try
        {
            await next.ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It ends below.
        }

        try
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It has ended.
        }
    }

    /// <summary>What the model says when it has called its tools: what it said on the way to them is no part of its answer.</summary>
    private static string TextOf(ChatResponse response)
    {
        var called = -1;
        for (var index = 0; index < response.Messages.Count; index++)
        {
            if (response.Messages[index].Role == ChatRole.Tool) called = index;
        }

        return called < 0 ? response.Text : string.Concat(response.Messages.Skip(called + 1).Select(message => message.Text));
    }

    /// <summary>What was refused, or failed with a status, costs nothing. Of what broke off otherwise nobody knows what it has cost: it counts as declared.</summary>
    [SuppressMessage("Performance", "CA1859", Justification = "It is thrown.")]
    private Exception Failure(Exception error, double spent)
    {
        if (ServiceRefusal.IsForLoad(error, time.GetUtcNow(), out var retryAfter)) return new ModelOverloadedException(retryAfter, error, spent);
        var status = ServiceRefusal.StatusOf(error);
        return new ChatCallFailedException(name, status, status >= 400 ? spent : spent + tariff.Declared, error);
    }
}
