using Rqml.Testing.Contracts;

namespace Rqml.Messaging;

public sealed class InProcessTransportTests : TransportContract
{
    private static int _addresses;

    protected override int MostUnreadBytes => BlockPipe.WindowBytes + (64 << 10);

    protected override ITransport Create() => new InProcessTransport();

    protected override Uri NewAddress() => new($"inproc://contract-{Interlocked.Increment(ref _addresses)}/");

    [Fact]
    public async Task A_link_that_its_listener_never_accepted_ends_with_it()
    {
        var listener = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        await using var link = await Transport.ConnectAsync(listener.Address, CancellationToken.None);
        await listener.DisposeAsync();

        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.ReceiveBlockAsync(CancellationToken.None));
    }
}
