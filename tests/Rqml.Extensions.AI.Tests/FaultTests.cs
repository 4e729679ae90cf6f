using Microsoft.Extensions.Time.Testing;
using Rqml.ChatServer;
using Rqml.Testing;

namespace Rqml.Extensions.AI.Tests;

/// <summary>What goes wrong between a model and its service: which error it is, what it costs, and that it tells nothing that was said.</summary>
public sealed class FaultTests
{
    private static readonly ChatPrice Price = new(1_000_000, 1_000_000);      // one for each token; a call that does not say how many is taken for 2,000

    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [InlineData(429, true)]
    [InlineData(429, false)]
    [InlineData(503, true)]
    [InlineData(503, false)]
    public async Task A_refusal_for_load_is_known_as_one_with_the_rest_that_is_asked_for_and_costs_nothing(int status, bool streaming)
    {
        var refused = await FailAsync<ModelOverloadedException>(ChatReply.Refuse(TimeSpan.FromSeconds(7), status), chat => chat.Streaming = streaming);
        Assert.Equal((TimeSpan.FromSeconds(7), 0.0), (refused.RetryAfter, refused.Cost));
    }

    [Fact]
    public async Task The_rest_may_be_asked_for_until_a_date_or_not_at_all()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromMinutes(3), (await FailAsync<ModelOverloadedException>(ChatReply.RefuseUntil("Thu, 01 Jan 2026 12:03:00 GMT"), time: time)).RetryAfter);
        Assert.Equal(TimeSpan.Zero, (await FailAsync<ModelOverloadedException>(ChatReply.RefuseUntil("Thu, 01 Jan 2026 11:00:00 GMT"), time: time)).RetryAfter);
        Assert.Null((await FailAsync<ModelOverloadedException>(ChatReply.RefuseUntil("soon"))).RetryAfter);
        Assert.Null((await FailAsync<ModelOverloadedException>(ChatReply.Refuse())).RetryAfter);
    }

    [Fact]
    public async Task An_account_without_money_is_no_load() =>
        Assert.Equal(429, (await FailAsync<ChatCallFailedException>(ChatReply.Fail(429, "insufficient_quota"))).Status);

    [Theory]
    [InlineData(500)]
    [InlineData(400)]
    public async Task A_status_that_is_an_error_costs_nothing_and_its_body_is_not_in_the_message(int status)
    {
        var failed = await FailAsync<ChatCallFailedException>(ChatReply.Fail(status));
        Assert.Equal((status, 0.0, $"The call of 'small' failed with status {status}: its client threw ClientResultException."), (failed.Status, failed.Cost, failed.Message));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_body_that_is_no_answer_fails_the_call(bool streaming)
    {
        var failed = await Assert.ThrowsAnyAsync<ModelFailedException>(async () => await ThrowAsync(ChatReply.Garbage("{\"secret"), chat => chat.Streaming = streaming, null));
        Assert.DoesNotContain("secret", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_ends_without_a_word_is_no_answer()
    {
        var broken = await FailAsync<UnusableAnswerException>(ChatReply.Say("Dear Sir or Madam") with { EndsAfter = 2 });
        Assert.Equal(("its stream broke off", 2_000.0), (broken.Fault, broken.Cost));
    }

    [Fact]
    public async Task A_connection_that_breaks_costs_what_was_declared_as_nobody_knows()
    {
        var broken = await FailAsync<ChatCallFailedException>(ChatReply.Say("Dear Sir or Madam") with { BreaksAfter = 2 });
        Assert.Equal(2_000, broken.Cost);
    }

    [Fact]
    public async Task A_stream_that_stalls_is_given_up()
    {
        var (time, stalled) = (new FakeTimeProvider(), new TaskCompletionSource());
        var failing = FailAsync<ChatTimeoutException>(ChatReply.Say("Dear Sir or Madam") with { Before = StallAt(2, stalled) }, time: time, listening: true);
        await Step.Of("the stall", Heard);
        time.Advance(TimeSpan.FromSeconds(31));
        var failure = await Step.Of("the failure", failing);
        Assert.Equal((nameof(ChatModelOptions.StallTimeout), TimeSpan.FromSeconds(30), 2_000.0), (failure.Option, failure.Limit, failure.Cost));
        await Step.Of("the end of the request", stalled.Task);
    }

    [Fact]
    public async Task A_stream_that_is_slow_but_alive_is_not()
    {
        var time = new FakeTimeProvider();
        var gate = new SemaphoreSlim(0);
        await using var service = await Service.StartAsync(ChatReply.Say("a b c d e f") with { Before = (_, cancellationToken) => gate.WaitAsync(cancellationToken) });
        using var heard = new SemaphoreSlim(0);
        var refining = service.Model<string>(chat => (chat.OnText, chat.Timeout) = (_ => heard.Release(), TimeSpan.FromHours(1)), time)
            .RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None).AsTask();
        for (var piece = 0; piece < 6; piece++)
        {
            time.Advance(TimeSpan.FromSeconds(29));      // 174 s in all, and never 30 without a piece
            gate.Release();
            await Step.Of("a piece", heard.WaitAsync());
        }

        Assert.Equal("a b c d e f", (await Step.Of("the answer", refining)).Artifact);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_call_that_takes_too_long_is_given_up(bool streaming)
    {
        var (time, ended, began) = (new FakeTimeProvider(), new TaskCompletionSource(), new TaskCompletionSource());
        var failing = FailAsync<ChatTimeoutException>(
            ChatReply.Say("Dear Sir") with { Before = StallAt(0, ended, began) }, chat => (chat.Streaming, chat.Timeout, chat.StallTimeout) = (streaming, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)), time);
        await Step.Of("the call", began.Task);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((nameof(ChatModelOptions.Timeout), TimeSpan.FromMinutes(1)), (await Step.Of("the failure", failing) is var failure ? (failure.Option, failure.Limit) : default));
        await Step.Of("the end of the request", ended.Task);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Cancelling_a_pass_ends_its_request(bool streaming)
    {
        var (ended, began) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir") with { Before = StallAt(0, ended, began) });
        using var revoked = new CancellationTokenSource();
        var refining = service.Model<string>(chat => chat.Streaming = streaming).RefineAsync(PassContext.First(Drafts.Text, "a letter"), revoked.Token).AsTask();
        await Step.Of("the call", began.Task);
        await revoked.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step.Of("the end of the pass", refining));
        await Step.Of("the end of the request", ended.Task);
    }

    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Two pieces have been heard.</summary>
    private Task Heard => _heard.Task;

    private Task<TError> FailAsync<TError>(ChatReply reply, Action<ChatModelOptions>? configure = null, TimeProvider? time = null, bool listening = false)
        where TError : Exception => Assert.ThrowsAsync<TError>(() => ThrowAsync(
            reply, chat =>
            {
                if (listening) chat.OnText = text => { if (text.Text == "Dear Sir") _heard.TrySetResult(); };
                configure?.Invoke(chat);
            }, time));

    private static async Task ThrowAsync(ChatReply reply, Action<ChatModelOptions>? configure, TimeProvider? time)
    {
        await using var service = await Service.StartAsync(reply);
        await service.Model<string>(chat =>
        {
            chat.Price = Price;
            configure?.Invoke(chat);
        }, time).RefineAsync(PassContext.First(Drafts.Text, "a secret letter"), CancellationToken.None);
    }

    private static Func<int, CancellationToken, Task> StallAt(int stalls, TaskCompletionSource ended, TaskCompletionSource? began = null) => async (piece, cancellationToken) =>
    {
        if (piece != stalls) return;
        began?.TrySetResult();
        await using var aborted = cancellationToken.Register(() => ended.TrySetResult());
        await ended.Task;
        cancellationToken.ThrowIfCancellationRequested();
    };
}
