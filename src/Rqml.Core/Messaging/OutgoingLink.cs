using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Rqml.Messaging;

/// <summary>What waits to be sent to one address, and the one sender that sends it: a block at a time, of as many frames as have gathered.</summary>
internal sealed class OutgoingLink(LinkTable table, Uri address) : IThreadPoolWorkItem
{
    /// <summary>Bytes that may wait for one address, those in the sender's hands included: what a peer that never reads costs at most.</summary>
    public const int MaxWaitingBytes = 64 << 20;

    /// <summary>A block is sent once it has as many bytes; a single longer frame goes alone.</summary>
    public const int BlockBytes = 64 << 10;

    private const int KeptBufferBytes = 1 << 20;      // a longer one was for a burst, and is given back
    private readonly Lock _lock = new();
    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _sending = new();
    private Task _run = Task.CompletedTask;      // owned here; never faults
    private TaskCompletionSource? _idle;      // of the run on its way; null where there is none
    private Peer? _peer;
    private ILink? _link;

    /// <summary>Queues a message; false where there is no room, or it is longer than the transport carries.</summary>
    public bool TryAppend(Peer to, in Message message)
    {
        lock (_lock)
        {
            if (table.IsClosing) return false;
            var roomBytes = Math.Min(MaxWaitingBytes - _waiting.WrittenCount - _sending.WrittenCount, table.Transport.Capabilities.MaxBlockBytes);
            if (!MessageCodec.TryWrite(message, _waiting, roomBytes)) return false;
            _peer = to;
            if (_idle is not null) return true;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        table.Post(this);
        return true;
    }

    /// <summary>Returns when the sender has ended and its link is closed. The table is closing, so nothing begins any more.</summary>
    public async Task CloseAsync()
    {
        Task idle;
        lock (_lock) idle = _idle?.Task ?? Task.CompletedTask;
        await idle;
        await DropLinkAsync();
    }

    void IThreadPoolWorkItem.Execute() => _run = SendAsync();

    private async Task SendAsync()
    {
        while (TakeWaiting())
        {
            await SendTakenAsync();
            lock (_lock) _sending = Emptied(_sending);
        }
    }

    /// <summary>Takes what has gathered; false, and no longer running, where there is nothing.</summary>
    private bool TakeWaiting()
    {
        lock (_lock)
        {
            if (table.IsClosing) _waiting = Emptied(_waiting);
            if (_waiting.WrittenCount == 0)
            {
                _idle!.TrySetResult();
                _idle = null;
                return false;
            }

            (_waiting, _sending) = (_sending, _waiting);
            return true;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the sender: an adapter that breaks its promise costs this link, not the node.")]
    private async Task SendTakenAsync()
    {
        try
        {
            await SendBlocksAsync();
        }
        catch (ConnectionRefusedException)
        {
            await DropLinkAsync();
            table.Gone(_peer!);
        }
        catch (RqmlException error) when (error is LinkClosedException or TransportException)
        {
            await DropLinkAsync();      // silence: the liveness of its reports decides
        }
        catch (OperationCanceledException) when (table.IsClosing)
        {
            await DropLinkAsync();
        }
        catch (Exception error)
        {
            await DropLinkAsync();
            table.Broken(address.AbsoluteUri, error);
        }
    }

    private async Task SendBlocksAsync()
    {
        var rest = _sending.WrittenMemory;
        var blockBytes = Math.Min(BlockBytes, table.Transport.Capabilities.MaxBlockBytes);
        while (rest.Length > 0)
        {
            var block = rest[..MessageCodec.FramesIn(rest.Span, blockBytes)];
            await SendAsync(block);
            table.Carried(block.Length);
            rest = rest[block.Length..];
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> block)
    {
        if (_link is { } before)
        {
            try
            {
                await before.SendBlockAsync(new ReadOnlySequence<byte>(block), table.Closing);
                return;
            }
            catch (LinkClosedException)
            {
                await DropLinkAsync();      // the peer may long have been there again: one try over a new link
            }
        }

        _link = await table.Transport.ConnectAsync(address, table.Closing);
        await _link.SendBlockAsync(new ReadOnlySequence<byte>(block), table.Closing);
    }

    private async Task DropLinkAsync()
    {
        if (_link is not { } link) return;
        _link = null;
        await link.DisposeAsync();
    }

    private static ArrayBufferWriter<byte> Emptied(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity > KeptBufferBytes) return new ArrayBufferWriter<byte>();
        buffer.ResetWrittenCount();
        return buffer;
    }
}
