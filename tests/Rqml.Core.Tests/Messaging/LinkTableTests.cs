using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;

namespace Rqml.Messaging;

[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class LinkTableTests : IAsyncLifetime
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "scripted://self/");
    private static readonly Peer There = new(new NodeId("there"), new Incarnation(2), "scripted://there/");

    private readonly Inbox _inbox = new();
    private readonly Journal _journal = new();
    private readonly Channel<Peer> _gone = Channel.CreateUnbounded<Peer>();
    private ScriptedTransport _transport = new();
    private LinkTable _table = null!;

    public Task InitializeAsync() => StartAsync(_transport);

    public async Task DisposeAsync() => await _table.DisposeAsync();

    [Fact]
    public async Task What_gathers_during_a_send_goes_as_one_block_and_one_block_at_a_time()
    {
        var link = await HeldLinkAsync();
        for (var i = 1; i <= 100; i++) Assert.True(_table.TrySend(There, Numbered(i)));
        link.Release();

        Assert.Equal(Enumerable.Range(1, 100).Select(i => (long)i), Numbers(await link.SentAsync()));
        Assert.Equal(1, link.MostAtOnce);
        Assert.Equal(1, _transport.Connections);
    }

    [Fact]
    public async Task Blocks_have_the_target_size_and_a_longer_frame_goes_alone()
    {
        var link = await HeldLinkAsync();
        for (var i = 1; i <= 10; i++) Assert.True(_table.TrySend(There, Large(i, 20_000)));
        Assert.True(_table.TrySend(There, Large(11, 200_000)));
        Assert.True(_table.TrySend(There, Numbered(12)));
        link.Release();

        List<List<long>> blocks = [];
        while (blocks.Sum(block => block.Count) < 12)
        {
            var block = await link.SentAsync();
            var numbers = Numbers(block);
            Assert.True(block.Length <= OutgoingLink.BlockBytes || numbers.Count == 1, $"a block of {block.Length} bytes has {numbers.Count} frames");
            blocks.Add(numbers);
        }

        Assert.Equal([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10], [11], [12]], blocks);
    }

    [Fact]
    public async Task A_block_is_never_longer_than_the_transport_carries()
    {
        await RestartAsync(new ScriptedTransport { Capabilities = new TransportCapabilities(10_000, IsLocal: true, IsEncrypted: false) });
        Assert.False(_table.TrySend(There, Large(1, 10_000)));
        var link = await HeldLinkAsync();
        for (var i = 1; i <= 30; i++) Assert.True(_table.TrySend(There, Large(i, 3_000)));
        link.Release();

        for (var received = 0; received < 30;)
        {
            var block = await link.SentAsync();
            Assert.InRange(block.Length, 1, 10_000);
            received += Numbers(block).Count;
        }
    }

    [Fact]
    public async Task A_peer_that_never_reads_costs_its_bound_and_no_more()
    {
        var link = await HeldLinkAsync();
        long taken = 0;
        while (_table.TrySend(There, Large(1, 1 << 20))) taken += 1 << 20;

        Assert.InRange(taken, OutgoingLink.MaxWaitingBytes / 2, OutgoingLink.MaxWaitingBytes);
        Assert.True(_table.TrySend(There with { Endpoint = "scripted://elsewhere/" }, Numbered(1)));
        link.Close();
    }

    [Fact]
    public async Task After_a_closed_link_the_next_message_goes_over_another()
    {
        var first = await FirstLinkAsync();
        first.Close();
        _table.TrySend(There, Numbered(2));
        var second = await Step("another link", _transport.OpenedAsync());

        Assert.Equal([2], Numbers(await second.SentAsync()));
        Assert.False(_gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_refused_connection_says_once_that_the_peer_is_gone_however_many_wait()
    {
        var refusal = new TaskCompletionSource();
        _transport.Connecting = () => refusal.Task;
        for (var i = 0; i < 50; i++) Assert.True(_table.TrySend(There, Large(i, 5_000)));
        refusal.SetException(new ConnectionRefusedException("there"));
        Assert.Equal(There, await Step("that the peer is gone", _gone.Reader.ReadAsync().AsTask()));
        _transport.Connecting = null;
        _table.TrySend(There, Numbered(99));
        var link = await Step("a link to whoever is there now", _transport.OpenedAsync());

        while (!Numbers(await link.SentAsync()).Contains(99)) { }
        Assert.InRange(_transport.Connections, 2, 3);
        Assert.True(_gone.Reader.Count <= _transport.Connections - 2, "one refusal was told twice");
    }

    [Fact]
    public async Task A_peer_that_cannot_be_reached_is_not_gone()
    {
        var failed = new TaskCompletionSource();
        _transport.Connecting = () =>
        {
            failed.TrySetResult();
            throw new TransportException("there", "nobody answers");
        };
        _table.TrySend(There, Numbered(1));
        await Step("the failed connection", failed.Task);
        _transport.Connecting = null;
        _table.TrySend(There, Numbered(2));
        await Step("a link", _transport.OpenedAsync());

        Assert.False(_gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_closed_link_of_a_peer_that_nobody_answers_for_means_that_it_is_gone()
    {
        _transport.Connecting = () => throw new ConnectionRefusedException("there");
        var link = _transport.Offer("there");
        link.Bring(Framed(Numbered(1) with { From = There }));
        await Step("the message", _inbox.NextAsync());
        link.Close();

        Assert.Equal(There, await Step("that the peer is gone", _gone.Reader.ReadAsync().AsTask()));
    }

    [Fact]
    public async Task A_closed_link_of_a_peer_that_is_there_means_nothing()
    {
        var link = _transport.Offer("there");
        link.Bring(Framed(Numbered(1) with { From = There }));
        await Step("the message", _inbox.NextAsync());
        link.Close();
        var knock = await Step("the knock", _transport.OpenedAsync());
        await Step("the end of the knock", knock.Closed);

        Assert.False(_gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_malformed_frame_closes_its_link_and_no_other_and_is_logged()
    {
        var (bad, good) = (_transport.Offer("bad"), _transport.Offer("good"));
        bad.Bring([.. Framed(Numbered(1)), 1, 2, 3]);
        Assert.Equal(1, (await Step("what came before the damage", _inbox.NextAsync())).Number);
        await Step("the end of the link", bad.Closed);
        good.Bring(Framed(Numbered(2)));
        Assert.Equal(2, (await Step("a message over the other link", _inbox.NextAsync())).Number);

        Assert.False(good.IsClosed);
        Assert.Contains("bad", Assert.Single(_journal.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_that_breaks_its_promise_costs_its_link_and_not_the_sender()
    {
        var thrown = new TaskCompletionSource();
        _transport.Connecting = () =>
        {
            thrown.TrySetResult();
            throw new InvalidOperationException("a bug in an adapter");
        };
        _table.TrySend(There, Numbered(1));
        await Step("the bug", thrown.Task);
        _transport.Connecting = null;
        _table.TrySend(There, Numbered(2));

        await Step("a link all the same", _transport.OpenedAsync());
        Assert.Single(_journal.Lines);
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_no_way()
    {
        Assert.False(_table.TrySend(There with { Endpoint = "" }, Numbered(1)));
        Assert.False(_table.TrySend(There with { Endpoint = "not an address" }, Numbered(1)));
    }

    [Fact]
    public async Task Every_byte_that_a_link_carries_is_counted_both_ways()
    {
        var link = await FirstLinkAsync();
        var first = Framed(Numbered(1)).Length;
        var incoming = _transport.Offer("there");
        var brought = Framed(Numbered(2));
        incoming.Bring(brought);
        await Step("the message", _inbox.NextAsync());
        _table.TrySend(There, Numbered(3));
        await link.SentAsync();
        await _table.DisposeAsync();

        Assert.Equal((2 * first) + brought.Length, _table.BytesCarried);
    }

    [Fact]
    public async Task Closing_waits_for_everything_and_leaves_nothing_behind()
    {
        var sending = await HeldLinkAsync();
        _transport.Connecting = () => new TaskCompletionSource().Task;
        _table.TrySend(There with { Endpoint = "scripted://elsewhere/" }, Numbered(1));
        _table.TrySend(There, Numbered(2));
        var incoming = _transport.Offer("there");
        incoming.Bring(Framed(Numbered(3) with { From = There }));
        await Step("the message", _inbox.NextAsync());
        await _table.DisposeAsync().AsTask().WaitAsync(StepLimit);

        Assert.True(sending.IsClosed && incoming.IsClosed);
        Assert.All(_transport.Links, link => Assert.True(link.IsClosed));
        Assert.False(_table.TrySend(There, Numbered(4)));
        Assert.False(_gone.Reader.TryPeek(out _));
        Assert.Empty(_journal.Lines);
    }

    [Fact]
    public async Task A_link_that_comes_while_the_table_closes_is_closed_with_it()
    {
        var late = Enumerable.Range(0, 50).Select(i => _transport.Offer($"{i}")).ToList();
        await _table.DisposeAsync().AsTask().WaitAsync(StepLimit);

        Assert.All(late, link => Assert.True(link.IsClosed));
    }

    private async Task StartAsync(ScriptedTransport transport)
    {
        _transport = transport;
        _table = new LinkTable(Self, transport, Dispatcher.ThreadPool, _inbox, RqmlInstruments.OfProcess.Messaging, _journal) { PeerGone = peer => _gone.Writer.TryWrite(peer) };
        await _table.StartAsync(CancellationToken.None);
    }

    private async Task RestartAsync(ScriptedTransport transport)
    {
        await _table.DisposeAsync();
        await StartAsync(transport);
    }

    private async Task<ScriptedLink> FirstLinkAsync()
    {
        Assert.True(_table.TrySend(There, Numbered(1)));
        var link = await Step("a link", _transport.OpenedAsync());
        Assert.Equal([1], Numbers(await link.SentAsync()));
        return link;
    }

    /// <summary>A link whose sender waits for the completion of a send.</summary>
    private async Task<ScriptedLink> HeldLinkAsync()
    {
        var link = await FirstLinkAsync();
        link.Hold();
        Assert.True(_table.TrySend(There, Numbered(0)));
        Assert.Equal([0], Numbers(await link.SentAsync()));
        return link;
    }

    private static Message Numbered(long number) => new(MessageKind.Inquire, Self, default, default, number);

    private static Message Large(long number, int bytes) =>
        new(MessageKind.Result, Self, default, default, number, new Settlement { Outcome = Outcome.Converged, HasArtifact = true, Artifact = new byte[bytes] });

    private static byte[] Framed(in Message message)
    {
        var block = new ArrayBufferWriter<byte>();
        Assert.True(MessageCodec.TryWrite(message, block, int.MaxValue));
        return block.WrittenSpan.ToArray();
    }

    private static List<long> Numbers(byte[] block)
    {
        var numbers = new List<long>();
        var rest = new ReadOnlySequence<byte>(block);
        while (MessageCodec.TryRead(ref rest, out var message)) numbers.Add(message.Number);
        return numbers;
    }

    private static async Task Step(string step, Task task)
    {
        try
        {
            await task.WaitAsync(StepLimit);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"'{step}' did not come within {StepLimit.TotalSeconds} s.");
        }
    }

    private static async Task<T> Step<T>(string step, Task<T> task)
    {
        await Step(step, (Task)task);
        return await task;
    }

    private sealed class Inbox : IMessageReceiver
    {
        private readonly Channel<Message> _messages = Channel.CreateUnbounded<Message>();

        public void Receive(in Message message) => _messages.Writer.TryWrite(message);

        public Task<Message> NextAsync() => _messages.Reader.ReadAsync().AsTask();
    }

    private sealed class Journal : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
