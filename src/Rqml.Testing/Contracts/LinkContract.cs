using System.Buffers;
using Rqml.Messaging;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What the links of every <see cref="ITransport"/> promise: the part of <see cref="TransportContract"/> that knows nothing of what they carry.</summary>
public abstract class LinkContract : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _opened = [];      // closed in the opposite order
    private ITransport? _transport;

    /// <summary>The transport under test.</summary>
    protected ITransport Transport => _transport ?? throw new InvalidOperationException("There is no transport yet.");

    /// <summary>Bytes that a link with a reader that never reads may take before its sender waits; with all buffers on the way.</summary>
    protected virtual int MostUnreadBytes => 64 << 20;

    /// <summary>A new transport.</summary>
    protected abstract ITransport Create();

    /// <summary>An address of this machine where nobody listens, another at each call.</summary>
    protected abstract Uri NewAddress();

    /// <summary>Makes the transport.</summary>
    public virtual Task InitializeAsync()
    {
        _transport = Create();
        return Task.CompletedTask;
    }

    /// <summary>Closes what the test has opened.</summary>
    public virtual async Task DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened)) await opened.DisposeAsync();
        _opened.Clear();
    }

    /// <summary>Blocks arrive whole, and in the order in which they were sent.</summary>
    [Fact]
    public async Task Blocks_arrive_whole_and_in_order()
    {
        var (near, far) = await ConnectAsync();
        for (byte i = 0; i < 10; i++) await SendAsync(near, [i, i, i]);

        for (byte i = 0; i < 10; i++) Assert.Equal([i, i, i], await ReceiveAsync(far));
    }

    /// <summary>Each end sends and receives, and neither way waits for the other.</summary>
    [Fact]
    public async Task A_link_goes_both_ways()
    {
        var (near, far) = await ConnectAsync();
        var waiting = ReceiveAsync(near);
        await SendAsync(near, "there"u8.ToArray());
        Assert.Equal("there"u8.ToArray(), await ReceiveAsync(far));
        await SendAsync(far, "back"u8.ToArray());

        Assert.Equal("back"u8.ToArray(), await waiting);
    }

    /// <summary>A thousand blocks of random sizes and segments come back byte for byte, while sender and receiver run freely.</summary>
    [Fact]
    public async Task A_thousand_random_blocks_make_the_trip()
    {
        var (near, far) = await ConnectAsync();
        var blocks = Enumerable.Range(0, 1_000).Select(seed => Bytes(seed, new Random(seed).Next(4) switch { 0 => seed % 3, 1 => seed, _ => seed * 7 })).ToArray();
        var sending = SendAllAsync();
        foreach (var block in blocks) AssertSame(block, await ReceiveAsync(far));
        await Step.Within("sending everything", sending);

        async Task SendAllAsync()
        {
            for (var i = 0; i < blocks.Length; i++) await near.SendBlockAsync(InPieces(blocks[i], 1 + (i % 999)), CancellationToken.None);
        }
    }

    /// <summary>The longest block goes through.</summary>
    [Fact]
    public async Task The_longest_block_goes_through()
    {
        var (near, far) = await ConnectAsync();
        var longest = Bytes(1, Transport.Capabilities.MaxBlockBytes);
        var sending = near.SendBlockAsync(new ReadOnlySequence<byte>(longest), CancellationToken.None).AsTask();

        AssertSame(longest, await ReceiveAsync(far));
        await Step.Within("sending the longest block", sending);
    }

    /// <summary>A longer one is refused, and the link goes on.</summary>
    [Fact]
    public async Task A_block_that_is_too_long_is_refused()
    {
        var (near, far) = await ConnectAsync();
        var tooLong = new byte[Transport.Capabilities.MaxBlockBytes + 1];
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await near.SendBlockAsync(new ReadOnlySequence<byte>(tooLong), CancellationToken.None));
        Assert.Contains($"{Transport.Capabilities.MaxBlockBytes}", error.Message, StringComparison.Ordinal);

        await SendAsync(near, [7]);
        Assert.Equal([7], await ReceiveAsync(far));
    }

    /// <summary>The sender of a link that nobody reads waits before long, and goes on once somebody does.</summary>
    [Fact]
    public async Task A_link_that_nobody_reads_makes_its_sender_wait()
    {
        var (near, far) = await ConnectAsync();
        var block = Bytes(1, 64 << 10);
        var sent = 0;
        Task sending;
        while (true)
        {
            sending = near.SendBlockAsync(new ReadOnlySequence<byte>(block), CancellationToken.None).AsTask();
            sent++;
            if (sending.IsCompleted || await IsDoneSoonAsync(sending)) await sending;
            else break;
            Assert.True((long)sent * block.Length <= MostUnreadBytes, $"the link has taken {sent} blocks that nobody reads");
        }

        for (var i = 0; i < sent; i++) Assert.Equal(block.Length, (await ReceiveAsync(far)).Length);
        await Step.Within("the send that waited", sending);
    }

    /// <summary>The bytes of a block belong to the sender again once its send has completed.</summary>
    [Fact]
    public async Task A_sender_may_use_its_buffer_again()
    {
        var (near, far) = await ConnectAsync();
        var buffer = new byte[1_000];
        for (byte i = 1; i <= 20; i++)
        {
            buffer.AsSpan().Fill(i);
            await SendAsync(near, buffer);
        }

        buffer.AsSpan().Clear();
        for (byte i = 1; i <= 20; i++) Assert.All(await ReceiveAsync(far), value => Assert.Equal(i, value));
    }

    /// <summary>Where nobody listens a connection is refused, which says more than that it failed.</summary>
    [Fact]
    public async Task Where_nobody_listens_a_connection_is_refused()
    {
        var address = NewAddress();
        var error = await Assert.ThrowsAsync<ConnectionRefusedException>(async () => await Transport.ConnectAsync(address, CancellationToken.None));
        Assert.Equal(address.AbsoluteUri, error.Address);
    }

    /// <summary>A listener that was disposed refuses, and its address is free again.</summary>
    [Fact]
    public async Task A_disposed_listener_refuses_and_frees_its_address()
    {
        var address = NewAddress();
        var listener = await ListenAsync(address);
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<ConnectionRefusedException>(async () => await Transport.ConnectAsync(address, CancellationToken.None));

        var again = await ListenAsync(address);
        await SendAndReceiveAsync(await ConnectAsync(again));
    }

    /// <summary>An address that somebody listens at is taken.</summary>
    [Fact]
    public async Task A_taken_address_is_refused()
    {
        var listener = await ListenAsync(NewAddress());
        var error = await Assert.ThrowsAsync<TransportException>(async () => await Transport.ListenAsync(listener.Address, CancellationToken.None));
        Assert.Equal(listener.Address.AbsoluteUri, error.Address);

        await SendAndReceiveAsync(await ConnectAsync(listener));
    }

    /// <summary>Disposing a listener ends whoever waits to accept, and leaves its links alone.</summary>
    [Fact]
    public async Task Disposing_a_listener_ends_accepting_and_leaves_links_alone()
    {
        var listener = await ListenAsync(NewAddress());
        var link = await ConnectAsync(listener);
        var accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        await listener.DisposeAsync();

        await Assert.ThrowsAsync<TransportException>(() => Step.Within("the end of accepting", accepting));
        await Assert.ThrowsAsync<TransportException>(async () => await listener.AcceptAsync(CancellationToken.None));
        await SendAndReceiveAsync(link);
    }

    /// <summary>When one end closes, the other gets everything that was sent before, and then hears of it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_one_end_wakes_the_other_after_what_was_sent(bool opener)
    {
        var (near, far) = await ConnectAsync();
        var (closing, reading) = opener ? (near, far) : (far, near);
        await SendAsync(closing, [1]);
        await SendAsync(closing, [2]);
        await closing.DisposeAsync();

        Assert.Equal([1], await ReceiveAsync(reading));
        Assert.Equal([2], await ReceiveAsync(reading));
        await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAsync(reading));
        await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAsync(reading));
    }

    /// <summary>Whoever waits at either end when a link closes is woken, and nothing more is sent from either.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_one_end_wakes_both_readers_and_ends_both_senders(bool opener)
    {
        var (near, far) = await ConnectAsync();
        var (closing, other) = opener ? (near, far) : (far, near);
        Task[] waiting = [ReceiveAsync(closing), ReceiveAsync(other)];
        await closing.DisposeAsync();
        await closing.DisposeAsync();

        foreach (var reader in waiting) await Assert.ThrowsAsync<LinkClosedException>(() => Step.Within("the end of a reader", reader));
        await Assert.ThrowsAsync<LinkClosedException>(() => SendAsync(closing, [1]));
        await Assert.ThrowsAsync<LinkClosedException>(() => SendUntilRefusedAsync(other));
    }

    /// <summary>A sender that waits for room is woken when the other end closes.</summary>
    [Fact]
    public async Task Closing_wakes_a_sender_that_waits_for_room()
    {
        var (near, far) = await ConnectAsync();
        var sending = SendUntilRefusedAsync(near);
        await far.DisposeAsync();

        await Assert.ThrowsAsync<LinkClosedException>(() => Step.Within("the end of a sender", sending));
    }

    /// <summary>Each call can be cancelled, before it begins and while it waits, and the link goes on.</summary>
    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        var listener = await ListenAsync(NewAddress());
        var (near, far) = await ConnectAsync(listener);
        using var source = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(source.Token).AsTask();
        var receiving = far.ReceiveBlockAsync(source.Token).AsTask();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step.Within("the cancelled accept", accepting));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step.Within("the cancelled receive", receiving));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Transport.ConnectAsync(listener.Address, source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Transport.ListenAsync(NewAddress(), source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await near.SendBlockAsync(new ReadOnlySequence<byte>([1]), source.Token));
        await SendAndReceiveAsync((near, far));
        await SendAndReceiveAsync(await ConnectAsync(listener));
    }

    /// <summary>Two links between the same two ends know nothing of each other: one that nobody reads, or that closes, does not hold up the other.</summary>
    [Fact]
    public async Task Two_links_do_not_disturb_each_other()
    {
        var listener = await ListenAsync(NewAddress());
        var first = await ConnectAsync(listener);
        var second = await ConnectAsync(listener);
        var stuck = SendUntilRefusedAsync(first.Near);
        for (var i = 0; i < 100; i++) await SendAndReceiveAsync(second);
        await first.Far.DisposeAsync();

        await Assert.ThrowsAsync<LinkClosedException>(() => Step.Within("the end of a sender", stuck));
        await SendAndReceiveAsync(second);
    }

    /// <summary>What the fabric needs.</summary>
    [Fact]
    public void Blocks_may_be_as_long_as_the_fabric_needs() => Assert.True(Transport.Capabilities.MaxBlockBytes >= TransportCapabilities.LeastMaxBlockBytes);

    /// <summary>The host's options say where a node listens, and two nodes of a host do not get in one another's way.</summary>
    [Fact]
    public async Task Each_node_of_a_host_has_an_address_of_its_own()
    {
        var own = await ListenAsync(Transport.AddressFor("own", isOwn: true));
        var further = await ListenAsync(Transport.AddressFor("further", isOwn: false));

        Assert.NotEqual(own.Address, further.Address);
        await SendAndReceiveAsync(await ConnectAsync(further));
        await SendAndReceiveAsync(await ConnectAsync(own));
    }

    /// <summary>Peers have an address, for people to read.</summary>
    [Fact]
    public async Task A_link_names_its_peer()
    {
        var (near, far) = await ConnectAsync();

        Assert.NotEmpty(near.Peer.Address);
        Assert.NotEmpty(far.Peer.Address);
    }

    private protected T Opened<T>(T opened) where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    private async Task<IListener> ListenAsync(Uri address) => Opened(await Transport.ListenAsync(address, CancellationToken.None));

    private async Task<(ILink Near, ILink Far)> ConnectAsync() => await ConnectAsync(await ListenAsync(NewAddress()));

    private async Task<(ILink Near, ILink Far)> ConnectAsync(IListener listener)
    {
        var accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        var near = await Step.Within("a connection", Transport.ConnectAsync(listener.Address, CancellationToken.None).AsTask());
        var far = await Step.Within("an accepted link", accepting);
        return (Opened(near), Opened(far));
    }

    private static async Task SendAndReceiveAsync((ILink Near, ILink Far) link)
    {
        await SendAsync(link.Near, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await ReceiveAsync(link.Far));
    }

    private static async Task SendUntilRefusedAsync(ILink link)
    {
        var block = new byte[64 << 10];
        while (true) await link.SendBlockAsync(new ReadOnlySequence<byte>(block), CancellationToken.None);
    }

    private static Task SendAsync(ILink link, byte[] block) => Step.Within("sending a block", link.SendBlockAsync(new ReadOnlySequence<byte>(block), CancellationToken.None).AsTask());

    private static async Task<byte[]> ReceiveAsync(ILink link)
    {
        using var block = await Step.Within("a block", link.ReceiveBlockAsync(CancellationToken.None).AsTask());
        return block.Bytes.ToArray();
    }

    /// <summary>Whether a send goes through without a reader. The one wait for something not to happen: a slow machine makes the test shorter, never red.</summary>
    private static async Task<bool> IsDoneSoonAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(TimeSpan.FromMilliseconds(200));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private protected static void AssertSame(byte[] expected, byte[] actual) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"a block of {expected.Length} bytes came back as another of {actual.Length}");

    private protected static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static ReadOnlySequence<byte> InPieces(byte[] bytes, int pieceBytes)
    {
        if (bytes.Length == 0) return ReadOnlySequence<byte>.Empty;
        var first = new Piece(bytes.AsMemory(0, Math.Min(pieceBytes, bytes.Length)), null);
        var last = first;
        for (var at = last.Memory.Length; at < bytes.Length; at += last.Memory.Length) last = new Piece(bytes.AsMemory(at, Math.Min(pieceBytes, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
