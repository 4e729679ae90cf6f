using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Rqml.Transports.Grpc.Links;

/// <summary>The end that took a link. The call lasts until either end closes it.</summary>
internal sealed class AcceptedLink : GrpcLink
{
    /// <summary>How long the other end has to make room for the last block.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly HttpContext _http;

    public AcceptedLink(string peer, IAsyncStreamReader<BlockMessage> incoming, IAsyncStreamWriter<BlockMessage> outgoing, ServerCallContext context)
        : base(peer, incoming, outgoing) => _http = context.GetHttpContext();

    /// <summary>Returns when the link is closed and the last block has left: then the call may end.</summary>
    public async Task RunAsync(CancellationToken aborted)
    {
        using var closing = aborted.UnsafeRegister(static link => ((AcceptedLink)link!).Close("the connection was lost"), this);
        await Closing.ConfigureAwait(false);
        if (Failure is { StatusCode: StatusCode.InvalidArgument or StatusCode.ResourceExhausted } refusal) throw refusal;      // whoever sent that hears why
        try
        {
            await SentAsync().WaitAsync(Linger, aborted).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException || IsEndOfCall(error))
        {
            Abort();      // else the end of the call would wait for room, too
        }
    }

    public override ValueTask DisposeAsync()
    {
        TryDispose();
        return ValueTask.CompletedTask;
    }

    protected override void Abort()
    {
        Close("a send was cancelled");
        _http.Abort();
    }
}
