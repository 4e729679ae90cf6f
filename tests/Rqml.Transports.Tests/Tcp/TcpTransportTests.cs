using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Testing.Contracts;
using Rqml.Transports.Tcp;

namespace Rqml.Transports.Tests.Tcp;

public sealed class TcpTransportTests : TransportContract
{
    protected override ITransport Create() => new TcpTransport(new TcpOptions());

    protected override Uri NewAddress() => new($"tcp://127.0.0.1:{FreePort.Next()}/");

    [Fact]
    public async Task A_listener_at_port_0_says_which_port_it_took()
    {
        await using var listener = await Transport.ListenAsync(new Uri("tcp://127.0.0.1:0/"), CancellationToken.None);

        Assert.InRange(listener.Address.Port, 1, 65_535);
    }

    [Fact]
    public async Task A_length_over_the_bound_closes_the_link_before_anything_is_made_of_it()
    {
        await using var listener = await Transport.ListenAsync(new Uri("tcp://127.0.0.1:0/"), CancellationToken.None);
        using var liar = new TcpClient();
        await liar.ConnectAsync(IPAddress.Loopback, listener.Address.Port);
        await using var link = await listener.AcceptAsync(CancellationToken.None);
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, int.MaxValue);
        await liar.GetStream().WriteAsync(prefix);

        var error = await Assert.ThrowsAsync<LinkClosedException>(async () => await link.ReceiveBlockAsync(CancellationToken.None));
        Assert.Contains($"{int.MaxValue}", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsViolation);
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.ReceiveBlockAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_connection_that_ends_inside_a_block_is_a_closed_link()
    {
        await using var listener = await Transport.ListenAsync(new Uri("tcp://127.0.0.1:0/"), CancellationToken.None);
        using (var half = new TcpClient())
        {
            await half.ConnectAsync(IPAddress.Loopback, listener.Address.Port);
            await half.GetStream().WriteAsync(new byte[] { 100, 0, 0, 0, 1, 2, 3 });
        }

        await using var link = await listener.AcceptAsync(CancellationToken.None);
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.ReceiveBlockAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_send_that_is_cancelled_half_way_closes_its_link()
    {
        await using var listener = await Transport.ListenAsync(new Uri("tcp://127.0.0.1:0/"), CancellationToken.None);
        await using var near = await Transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        using var source = new CancellationTokenSource();
        var sending = SendWithoutEndAsync(near, source.Token);
        await far.ReceiveBlockAsync(CancellationToken.None);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<LinkClosedException>(async () => await near.SendBlockAsync(new ReadOnlySequence<byte>(new byte[1]), CancellationToken.None));
    }

    private static async Task SendWithoutEndAsync(ILink link, CancellationToken cancellationToken)
    {
        var block = new ReadOnlySequence<byte>(new byte[64 << 10]);
        while (true) await link.SendBlockAsync(block, cancellationToken);
    }
}
