using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI.Tests;

/// <summary>Clients that do more than ask a service, or less than they should.</summary>
public sealed class ClientTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_model_says_on_the_way_to_its_tools_is_no_part_of_its_answer(bool streaming)
    {
        using var client = new Client(
            new ChatMessage(ChatRole.Assistant, [new TextContent("Let me look that up."), new FunctionCallContent("1", "look")]),
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", "found")]),
            new ChatMessage(ChatRole.Assistant, "Dear Sir"));

        Assert.Equal("Dear Sir", (await AskAsync(client, streaming, CancellationToken.None)).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_does_not_listen_is_left_behind(bool streaming)
    {
        using var client = new Client { Waits = true };
        using var revoked = new CancellationTokenSource();
        var asking = AskAsync(client, streaming, revoked.Token);
        await Step.Of("the call", client.Asked);
        await revoked.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step.Of("the end of the call", asking));
        client.Answer();
        if (streaming) await Step.Of("the end of its stream", client.Closed);
    }

    private static Task<ChatAnswer> AskAsync(Client client, bool streaming, CancellationToken cancellationToken)
    {
        var call = new ChatCall("small", client, new ChatModelOptions(), Tariff.OfModel(null, null), TimeProvider.System);
        ChatMessage[] said = [new(ChatRole.User, "a letter")];
        return streaming
            ? call.StreamAsync(said, ChatResponseFormat.Text, TimeSpan.FromMinutes(1), _ => { }, 0, cancellationToken)
            : call.AskAsync(said, ChatResponseFormat.Text, 0, cancellationToken);
    }

    private sealed class Client(params ChatMessage[] says) : IChatClient
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _late = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>It answers when it likes, whatever its token says.</summary>
        public bool Waits { get; init; }

        public Task Asked => _asked.Task;

        /// <summary>Its stream was closed.</summary>
        public Task Closed => _closed.Task;

        public void Answer() => _late.SetResult();

        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            await AnswerAsync();
            return new ChatResponse([.. says]) { FinishReason = ChatFinishReason.Stop };
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                await AnswerAsync();
                foreach (var update in new ChatResponse([.. says.DefaultIfEmpty(new ChatMessage(ChatRole.Assistant, "late"))]) { FinishReason = ChatFinishReason.Stop }.ToChatResponseUpdates()) yield return update;
            }
            finally
            {
                _closed.TrySetResult();
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }

        private Task AnswerAsync()
        {
            _asked.TrySetResult();
            return Waits ? _late.Task : Task.CompletedTask;
        }
    }
}
