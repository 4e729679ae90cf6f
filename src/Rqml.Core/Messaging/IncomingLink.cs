using System.Diagnostics.CodeAnalysis;
using Rqml.Protocol;

namespace Rqml.Messaging;

/// <summary>A link that a peer opened: hands its messages to the receiver until it ends, and then finds out whether the peer's process has ended too.</summary>
internal sealed class IncomingLink(LinkTable table, ILink link) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;      // owned here; never faults
    private Peer? _from;

    /// <summary>Closes the link, and returns when its reader has ended.</summary>
    public async Task CloseAsync()
    {
        await link.DisposeAsync();
        await _ended.Task;
    }

    void IThreadPoolWorkItem.Execute() => _reading = ReadAsync();

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the reader: an adapter that breaks its promise costs this link, not the node.")]
    private async Task ReadAsync()
    {
        try
        {
            while (true) await ReadBlockAsync();
        }
        catch (LinkClosedException)
        {
            if (_from is { } peer) await KnockAsync(peer);
        }
        catch (RecordDamagedException error)
        {
            table.Malformed(link, error);
        }
        catch (Exception error)
        {
            table.Broken(link.Peer.Address, error);
        }

        await link.DisposeAsync();
        table.Remove(this);
        _ended.TrySetResult();
    }

    private async ValueTask ReadBlockAsync()
    {
        using var block = await link.ReceiveBlockAsync(CancellationToken.None);
        table.Carried(block.Bytes.Length);
        var rest = block.Bytes;
        while (MessageCodec.TryRead(ref rest, out var message))
        {
            _from = message.From;
            table.Receiver.Receive(message);
        }
    }

    /// <summary>The other end closed its link. Where nobody listens any more its process is gone, and that is worth knowing at once; else it opens another link when it needs one.</summary>
    private async Task KnockAsync(Peer peer)
    {
        if (table.IsClosing || !Uri.TryCreate(peer.Endpoint, UriKind.Absolute, out var address)) return;
        try
        {
            await using var knock = await table.Transport.ConnectAsync(address, table.Closing);
        }
        catch (ConnectionRefusedException)
        {
            table.Gone(peer);
        }
        catch (TransportException)
        {
            // Silence: the liveness of its reports decides.
        }
        catch (OperationCanceledException)
        {
            // The table closes.
        }
    }
}
