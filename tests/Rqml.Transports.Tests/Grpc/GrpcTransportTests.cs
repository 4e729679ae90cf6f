using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Testing.Contracts;
using Rqml.Transports.Grpc;

namespace Rqml.Transports.Tests.Grpc;

public sealed class GrpcTransportTests : TransportContract
{
    private const int BlockBytes = 1 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    protected override ITransport Create() => new GrpcTransport(new GrpcOptions());

    protected override Uri NewAddress() => new($"grpc://127.0.0.1:{FreePort.Next()}/");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await ((GrpcTransport)Transport).DisposeAsync();
    }

    [Fact]
    public async Task A_listener_at_port_0_says_which_port_it_took()
    {
        await using var listener = await Transport.ListenAsync(new Uri("grpc://127.0.0.1:0/"), CancellationToken.None);

        Assert.InRange(listener.Address.Port, 1, 65_535);
    }

    [Fact]
    public async Task Others_are_told_the_host_by_which_they_reach_it()
    {
        await using var transport = new GrpcTransport(new GrpcOptions { Listen = "grpc://0.0.0.0:0", AdvertisedHost = "localhost" });
        await using var listener = await transport.ListenAsync(transport.AddressFor("a", isOwn: true), CancellationToken.None);
        Assert.Equal("localhost", listener.Address.Host);

        await using var link = await transport.ConnectAsync(listener.Address, CancellationToken.None);
    }

    [Fact]
    public async Task A_send_that_is_cancelled_half_way_closes_its_link()
    {
        await using var listener = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        await using var near = await Transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        using var source = new CancellationTokenSource();
        var (_, waiting) = await FillAsync(near, source.Token);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit));
        await Assert.ThrowsAsync<LinkClosedException>(async () => await near.SendBlockAsync(new ReadOnlySequence<byte>(new byte[1]), CancellationToken.None));
    }

    /// <summary>Whoever closes while its own last block still waits for room loses neither that block nor those before.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_waits_for_room_when_its_end_closes_still_arrives(bool opener)
    {
        await using var listener = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        await using var near = await Transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        var (closing, reading) = opener ? (near, far) : (far, near);
        var (begun, waiting) = await FillAsync(closing, CancellationToken.None);
        await closing.DisposeAsync();
        await Assert.ThrowsAsync<LinkClosedException>(() => waiting.WaitAsync(Limit));

        for (var i = 0; i < begun; i++)
        {
            using var received = await reading.ReceiveBlockAsync(CancellationToken.None).AsTask().WaitAsync(Limit);
            Assert.Equal(BlockBytes, received.Bytes.Length);
        }

        await Assert.ThrowsAsync<LinkClosedException>(async () => await reading.ReceiveBlockAsync(CancellationToken.None));
    }

    /// <summary>A host's services are disposed of in an order that is not ours.</summary>
    [Fact]
    public async Task A_link_and_a_listener_that_outlive_their_transport_can_still_be_closed()
    {
        var transport = new GrpcTransport(new GrpcOptions());
        var listener = await transport.ListenAsync(NewAddress(), CancellationToken.None);
        var near = await transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        await transport.DisposeAsync();
        await near.DisposeAsync();
        await listener.DisposeAsync();

        await Assert.ThrowsAsync<LinkClosedException>(async () => await far.ReceiveBlockAsync(CancellationToken.None).AsTask().WaitAsync(Limit));
        await Assert.ThrowsAsync<ConnectionRefusedException>(async () => await Transport.ConnectAsync(listener.Address, CancellationToken.None));
    }

    [Fact]
    public async Task Whoever_accepts_and_says_nothing_is_not_waited_for()
    {
        await using var transport = new GrpcTransport(new GrpcOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) });
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var address = new Uri($"grpc://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}/");

        var error = await Assert.ThrowsAsync<TransportException>(async () => await transport.ConnectAsync(address, CancellationToken.None));
        Assert.Contains("0.2 s", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Somebody else's server at the address is no proof that the node is gone.</summary>
    [Fact]
    public async Task A_server_that_serves_no_links_is_not_taken_for_a_refusal()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        await using var other = builder.Build();
        await other.StartAsync();
        var address = new Uri(other.Urls.Single().Replace("http://", "grpc://", StringComparison.Ordinal));

        var error = await Assert.ThrowsAsync<TransportException>(async () => await Transport.ConnectAsync(address, CancellationToken.None));
        Assert.Contains("serves no links", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Sends until a send waits for room, which is known by how long it takes: how many were begun, and the one that waits.</summary>
    private static async Task<(int Begun, Task Waiting)> FillAsync(ILink link, CancellationToken cancellationToken)
    {
        var block = new ReadOnlySequence<byte>(new byte[BlockBytes]);
        for (var begun = 1; ; begun++)
        {
            var sending = link.SendBlockAsync(block, cancellationToken).AsTask();
            if (await Task.WhenAny(sending, Task.Delay(1_000, CancellationToken.None)) != sending) return (begun, sending);
            await sending;
        }
    }
}
