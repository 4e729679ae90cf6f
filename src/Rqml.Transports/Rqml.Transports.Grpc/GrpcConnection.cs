using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Rqml.Messaging;
using Rqml.Transports.Grpc.Links;

namespace Rqml.Transports.Grpc;

/// <summary>Opens a link over a connection of its own, and tells "nobody listens there" from "nobody knows".</summary>
internal sealed class GrpcConnection : IDisposable
{
    /// <summary>What a link may have on the way before its sender waits.</summary>
    public const int StreamWindowBytes = 4 << 20;

    /// <summary>After how long without a byte the other end is asked for one, and how long it has to answer.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;
    private NetworkStream? _stream;

    private GrpcConnection(Socket socket, Uri address)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => TakeStream(),
            InitialHttp2StreamWindowSize = StreamWindowBytes,
            KeepAlivePingDelay = KeepAlive,
            KeepAlivePingTimeout = KeepAlive,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            ActivityHeadersPropagator = null,      // the fabric carries the context of each message itself
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        _channel = GrpcChannel.ForAddress(new UriBuilder(Uri.UriSchemeHttp, address.Host, address.Port).Uri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxSendMessageSize = null,      // checked before it comes here
            MaxReceiveMessageSize = LinkMethod.MaxMessageBytes,
        });
    }

    public static async ValueTask<ILink> OpenAsync(Uri address, TimeSpan timeout, Endings endings, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        GrpcConnection? connection = null;
        try
        {
            connection = new GrpcConnection(await ConnectAsync(address, limit.Token).ConfigureAwait(false), address);
            return await connection.CallAsync(address, endings, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            connection?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw error switch
            {
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new ConnectionRefusedException(address.AbsoluteUri, error),
                RpcException refusal when refusal.Trailers.Get(LinkMethod.RefusedTrailer) is not null => new ConnectionRefusedException(address.AbsoluteUri, error),
                _ when limit.IsCancellationRequested => new TransportException(address.AbsoluteUri, $"nobody answered within {timeout.TotalSeconds} s", error),
                RpcException { StatusCode: StatusCode.Unimplemented } => new TransportException(address.AbsoluteUri, "whoever listens there serves no links", error),
                _ => new TransportException(address.AbsoluteUri, error.Message, error),
            };
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        Interlocked.Exchange(ref _stream, null)?.Dispose();
    }

    private static async ValueTask<Socket> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(address.DnsSafeHost, Math.Max(1, address.Port)), cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The call is a link once the other end has said so.</summary>
    private async ValueTask<ILink> CallAsync(Uri address, Endings endings, CancellationToken cancellationToken)
    {
        var call = _channel.CreateCallInvoker().AsyncDuplexStreamingCall(LinkMethod.Instance, host: null, new CallOptions());
        try
        {
            var headers = await call.ResponseHeadersAsync.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (headers.Get(LinkMethod.AcceptedHeader) is not null) return new DialledLink(address.AbsoluteUri, call, this, endings);
            await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);      // throws the status, which comes where a link would
            throw new IOException("whoever listens there is no node");
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>A link has one connection: where that is lost, the link is, and another is for the fabric to open.</summary>
    private ValueTask<Stream> TakeStream() => Interlocked.Exchange(ref _stream, null) is { } stream
        ? ValueTask.FromResult<Stream>(stream)
        : ValueTask.FromException<Stream>(new IOException("The connection was lost."));
}
