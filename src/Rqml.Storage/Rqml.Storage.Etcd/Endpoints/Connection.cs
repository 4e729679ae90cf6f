using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>An HTTP/2 connection to one endpoint, made with the first call and again after it was lost. Closed when it is replaced and nobody uses it any more.</summary>
internal sealed class Connection
{
    /// <summary>Longest answer that is taken. A watch's longest part is 2 MiB at a server with the usual limits, and a page of a read is asked for again in smaller ones.</summary>
    public const int MaxAnswerBytes = 4 << 20;

    // etcd closes connections that ask for a sign of life more than once in 5 s.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(3);

    private readonly GrpcChannel _channel;
    private int _users = 1;      // calls, and the endpoint as long as it has this one

    public Connection(Uri address, TimeSpan connectTimeout, Credentials credentials, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) => await ConnectAsync(context.DnsEndPoint, connectTimeout, time, cancellationToken).ConfigureAwait(false),
            SslOptions = credentials.ForConnection(),
            KeepAlivePingDelay = PingAfter,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ActivityHeadersPropagator = null,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };

        // No policy that repeats a call: whoever has asked decides that. No logger: headers hold the token.
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            DisableResolverServiceConfig = true,
            MaxReceiveMessageSize = MaxAnswerBytes,
            MaxSendMessageSize = null,      // a transaction's bound is checked before
        });
        var invoker = _channel.CreateCallInvoker();
        (Keys, Leases, Watches, Users) = (new KV.KVClient(invoker), new Lease.LeaseClient(invoker), new Watch.WatchClient(invoker), new Auth.AuthClient(invoker));
    }

    public KV.KVClient Keys { get; }

    public Lease.LeaseClient Leases { get; }

    public Watch.WatchClient Watches { get; }

    public Auth.AuthClient Users { get; }

    /// <summary>Keeps it open until <see cref="Leave"/>. Only for who knows that it is open: its endpoint, under its lock.</summary>
    public void Enter() => Interlocked.Increment(ref _users);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0) _channel.Dispose();
    }

    private static async Task<Stream> ConnectAsync(DnsEndPoint address, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, limit.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error switch
            {
                OperationCanceledException when late.IsCancellationRequested => new NotConnectedException($"no connection within {timeout.TotalSeconds} s", error),
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new NotConnectedException("nobody listens there", error),
                SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => new NotConnectedException("no such host is known", error),
                SocketException => new NotConnectedException(error.Message, error),
                _ => error,
            };
        }
    }
}

/// <summary>There was no connection, so that nothing was sent: the one failure after which a change may be asked for again.</summary>
internal sealed class NotConnectedException(string cause, Exception innerException) : IOException(cause, innerException);
