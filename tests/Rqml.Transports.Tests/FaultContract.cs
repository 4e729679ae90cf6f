using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Messaging.Links;
using Rqml.Testing.Contracts;

namespace Rqml.Transports.Tests;

/// <summary>What links make of a network that misbehaves: real sockets, with a proxy between them.</summary>
public abstract class FaultContract : IAsyncLifetime
{
    private const FabricChannel Channel = FabricChannel.TaskInbound;
    private static readonly LinkSettings Settings = new() { Liveness = new Liveness { HeartbeatMs = 200, SuspectMs = 600, SilentMs = 1_000 }, LongestRetryMs = 100, WindowBytes = 512 << 10 };

    /// <summary>Gives nobody up: a busy machine may keep a link away for a second.</summary>
    private static readonly LinkSettings Patient = Settings with { Liveness = new Liveness { HeartbeatMs = 200, SilentMs = 30_000 } };

    private readonly List<IAsyncDisposable> _opened = [];

    /// <summary>A new transport.</summary>
    protected abstract ITransport Create();

    /// <summary>An address of this machine where nobody listens, another at each call.</summary>
    protected abstract Uri NewAddress();

    /// <summary>The way from one address to the other.</summary>
    internal abstract Route RouteTo(Uri front, Uri back);

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened)) await opened.DisposeAsync();
    }

    [Fact]
    public async Task Connections_that_are_cut_in_the_middle_lose_nothing()
    {
        var (a, b, proxy, to) = await ProxiedAsync(Patient);
        var sending = SendAsync(a, to, 20_000);
        var cutting = CutAsync(proxy, 50);
        for (long number = 1; number <= 20_000; number++) Assert.Equal(number, (await b.ReceiveAsync(Channel)).Number);

        await sending;
        await cutting;
        Assert.False(b.HasReceived(Channel));
    }

    [Fact]
    public async Task A_slow_and_late_link_is_a_link()
    {
        var (a, b, proxy, to) = await ProxiedAsync(Patient);
        proxy.Faults = new Faults(Delay: TimeSpan.FromMilliseconds(50), BytesPerSecond: 200_000);
        var sending = SendAsync(a, to, 300);
        for (long number = 1; number <= 300; number++) Assert.Equal(number, (await b.ReceiveAsync(Channel)).Number);

        await sending;
        Assert.Equal(0, a.Links.Replayed());
    }

    [Theory]
    [InlineData((int)Ways.Forth)]
    [InlineData((int)Ways.Back)]
    [InlineData((int)Ways.Both)]
    public async Task A_link_that_is_half_open_is_given_up_and_another_takes_its_place(int ways)
    {
        var (a, b, proxy, to) = await ProxiedAsync();
        Assert.True(a.Links.TrySend(to, Channel, 0, default, Numbered(1)));
        Assert.Equal(1, (await b.ReceiveAsync(Channel)).Number);
        while (a.Links.KeptBytes() > 0) await Task.Delay(5);      // it is acknowledged
        proxy.Faults = new Faults(Swallowed: (Ways)ways);
        Assert.True(a.Links.TrySend(to, Channel, 0, default, Numbered(2)));
        var (_, _, content) = await a.UndeliveredAsync();
        Assert.Equal(2, BitConverter.ToInt64(content));
        proxy.Faults = Faults.None;
        proxy.Cut();      // whoever still believes in the old connection hears of its end

        Assert.True(a.Links.TrySend(to, Channel, 0, default, Numbered(3)));
        while ((await b.ReceiveAsync(Channel)).Number != 3) { }
    }

    [Fact]
    public async Task A_stalled_link_holds_up_no_other_and_goes_on_where_it_stopped()
    {
        var (a, b, proxy, to) = await ProxiedAsync(Patient);
        var other = await NodeAsync("other", settings: Patient);
        proxy.Faults = new Faults(Stalled: Ways.Forth);
        for (long number = 1; number <= 100; number++) Assert.True(a.Links.TrySend(to, Channel, 0, default, Numbered(number)));
        var sending = SendAsync(a, other.Peer, 5_000);
        for (long number = 1; number <= 5_000; number++) Assert.Equal(number, (await other.ReceiveAsync(Channel)).Number);
        await sending;
        proxy.Faults = Faults.None;

        // Either the stall was short, and they arrive, or it was long, and from some message on they come back; of these the first may have arrived: never neither.
        var (arrived, returned) = await FatesAsync(a, b, 100);
        Assert.Equal(Enumerable.Range(1, arrived.Count).Select(number => (long)number), arrived);
        Assert.Equal(Enumerable.Range(101 - returned.Count, returned.Count).Select(number => (long)number), returned);
    }

    [Fact]
    public async Task Where_the_other_end_of_a_proxy_is_gone_links_are_tried_again_until_it_is_back()
    {
        var back = NewAddress();
        var front = NewAddress();
        await using var proxy = Proxy.Start(RouteTo(front, back));
        var a = await NodeAsync("a", settings: Patient);
        var to = new Peer(new NodeId("b"), new Incarnation(1), front.AbsoluteUri);
        Assert.True(a.Links.TrySend(to, Channel, 0, default, Numbered(1)));
        var b = await NodeAsync("b", back);

        Assert.Equal(1, (await b.ReceiveAsync(Channel)).Number);
    }

    private async Task<(FabricNode A, FabricNode B, Proxy Proxy, Peer To)> ProxiedAsync(LinkSettings? settings = null)
    {
        var front = NewAddress();
        var b = await NodeAsync("b", settings: settings);
        var proxy = Proxy.Start(RouteTo(front, new Uri(b.Peer.Endpoint)));
        _opened.Add(proxy);
        return (await NodeAsync("a", settings: settings), b, proxy, b.Peer with { Endpoint = front.AbsoluteUri });
    }

    private async Task<FabricNode> NodeAsync(string name, Uri? address = null, LinkSettings? settings = null)
    {
        var node = await FabricNode.StartAsync(name, 1, Create(), address ?? NewAddress(), settings ?? Settings);
        _opened.Add(node);
        return node;
    }

    private static async Task SendAsync(FabricNode from, Peer to, long count)
    {
        for (long number = 1; number <= count; number++) await Step.Within("room", from.Links.SendAsync(to, Channel, default, Numbered(number), CancellationToken.None).AsTask());
    }

    /// <summary>What has arrived and what has come back when there is none of so many messages that has done neither.</summary>
    private static async Task<(List<long> Arrived, List<long> Returned)> FatesAsync(FabricNode from, FabricNode to, int count)
    {
        var (arrived, returned) = (new List<long>(), new List<long>());
        var (arriving, returning) = (to.ReceiveAsync(Channel), from.UndeliveredAsync());
        while (arrived.Union(returned).Count() < count)
        {
            await Task.WhenAny(arriving, returning);
            if (arriving.IsCompleted)
            {
                arrived.Add((await arriving).Number);
                arriving = to.ReceiveAsync(Channel);
            }

            if (returning.IsCompleted)
            {
                returned.Add(BitConverter.ToInt64((await returning).Content));
                returning = from.UndeliveredAsync();
            }
        }

        return (arrived, returned);
    }

    private static async Task CutAsync(Proxy proxy, int times)
    {
        for (var cut = 0; cut < times; cut++)
        {
            proxy.Cut();
            await Task.Delay(5);
        }
    }

    private static WrittenContent Numbered(long number) => new(BitConverter.GetBytes(number));
}
