using System.Buffers;
using Grpc.Core;
using Rqml.Messaging;

namespace Rqml.Transports.Grpc.Links;

/// <summary>A link over the two streams of a call: what both ends have in common.</summary>
/// <param name="peer">Address of the other end, for people.</param>
/// <param name="incoming">What the other end sends.</param>
/// <param name="outgoing">Where this end sends.</param>
internal abstract class GrpcLink(string peer, IAsyncStreamReader<BlockMessage> incoming, IAsyncStreamWriter<BlockMessage> outgoing) : ILink
{
    private readonly BlockMessage _sent = new();
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<bool>? _receiving;      // outlives a receive that was cancelled: its block is for the next one
    private Task _sending = Task.CompletedTask;
    private int _disposed;

    public PeerIdentity Peer { get; } = new(peer);

    /// <summary>Completes with the cause when either end has closed the link.</summary>
    protected Task<string> Closing => _closed.Task;

    /// <summary>What was wrong with the last message that came, or with the call; null where nothing was.</summary>
    protected RpcException? Failure { get; private set; }

    public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        if (block.Length > LinkMethod.MaxBlockBytes) throw new ArgumentException($"A block has at most {LinkMethod.MaxBlockBytes} bytes, not {block.Length}.", nameof(block));
        cancellationToken.ThrowIfCancellationRequested();
        if (Closing.IsCompleted) throw Closed(null);
        try
        {
            // Half a block would be the end of the link anyway: whoever does not want to wait any longer closes it.
            using var closing = cancellationToken.UnsafeRegister(static link => ((GrpcLink)link!).Abort(), this);
            _sent.Data = block;
            _sending = outgoing.WriteAsync(_sent, CancellationToken.None);      // a call that is only beginning copies the block later
            if (!_sending.IsCompleted && await Task.WhenAny(_sending, Closing).ConfigureAwait(false) == Closing) throw new OperationCanceledException("The link was closed meanwhile.");
            await _sending.ConfigureAwait(false);
            _sent.Data = default;
        }
        catch (Exception error) when (IsEndOfCall(error))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Closed(error);
        }
    }

    public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Volatile.Read(ref _disposed) != 0) throw Closed(null);
        try
        {
            var receiving = _receiving ??= incoming.MoveNext(CancellationToken.None);
            if (!receiving.IsCompleted) await Task.WhenAny(receiving, Closing).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!receiving.IsCompleted) throw Closed(null);
            if (!await receiving.ConfigureAwait(false))
            {
                Close("the other end closed it");
                throw Closed(null);
            }

            if (Interlocked.CompareExchange(ref _receiving, null, receiving) != receiving) throw Closed(null);      // whoever closes the link takes what is left
            var message = incoming.Current;
            return new Block(message.Data, message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error) when (IsEndOfCall(error))
        {
            Failure = error as RpcException;
            Close(error.Message);
            throw Closed(error);
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Whether this is the first to close this end.</summary>
    protected bool TryDispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return false;
        Close("this end closed it");
        return true;
    }

    protected void Close(string cause) => _closed.TrySetResult(cause);

    /// <summary>Ends the call at once, whatever is on its way.</summary>
    protected abstract void Abort();

    /// <summary>Waits for a block that its sender waits for no longer.</summary>
    protected Task SentAsync() => _sending;

    /// <summary>Takes and drops what still comes until the other end has nothing more to say.</summary>
    protected async Task DrainAsync()
    {
        var receiving = Interlocked.Exchange(ref _receiving, null) ?? incoming.MoveNext(CancellationToken.None);
        while (await receiving.ConfigureAwait(false))
        {
            incoming.Current.Dispose();
            receiving = incoming.MoveNext(CancellationToken.None);
        }
    }

    /// <summary>What gRPC throws where a call has ended, is ending, or was never as it should be.</summary>
    protected static bool IsEndOfCall(Exception error) => error is RpcException or InvalidOperationException or IOException or OperationCanceledException or ObjectDisposedException;

    private LinkClosedException Closed(Exception? error) => new(Peer.Address, Closing.IsCompleted ? Closing.Result : error?.Message ?? "the other end closed it", error)
    {
        IsViolation = Failure is { StatusCode: StatusCode.InvalidArgument or StatusCode.ResourceExhausted },
    };
}
