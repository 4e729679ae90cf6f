using Grpc.Core;

namespace Rqml.Transports.Grpc.Links;

/// <summary>The end that opened a link. It has the connection for itself, so that nothing but its own blocks is in its way.</summary>
internal sealed class DialledLink(string peer, AsyncDuplexStreamingCall<BlockMessage, BlockMessage> call, IDisposable connection, Endings endings)
    : GrpcLink(peer, call.ResponseStream, call.RequestStream)
{
    /// <summary>How long the other end has to take what was sent and to close its own. A peer that is alive takes milliseconds.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    public override ValueTask DisposeAsync()
    {
        if (TryDispose()) endings.Add(EndAsync);
        return ValueTask.CompletedTask;
    }

    protected override void Abort()
    {
        Close("a send was cancelled");
        call.Dispose();
    }

    /// <summary>Disposing a call takes back what was sent; so it is ended first, and what comes meanwhile is dropped, so that nobody there waits for room.</summary>
    private async Task EndAsync(CancellationToken atOnce)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(atOnce);
        limit.CancelAfter(Linger);
        try
        {
            using var over = limit.Token.UnsafeRegister(static call => ((AsyncDuplexStreamingCall<BlockMessage, BlockMessage>)call!).Dispose(), call);
            await Task.WhenAll(EndSendingAsync(), DrainAsync()).ConfigureAwait(false);
        }
        catch (Exception error) when (IsEndOfCall(error))
        {
            // It has ended, in whichever way.
        }
        finally
        {
            call.Dispose();
            connection.Dispose();
        }
    }

    private async Task EndSendingAsync()
    {
        await SentAsync().ConfigureAwait(false);
        await call.RequestStream.CompleteAsync().ConfigureAwait(false);
    }
}
