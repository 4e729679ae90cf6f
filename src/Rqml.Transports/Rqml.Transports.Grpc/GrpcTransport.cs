using Rqml.Messaging;
using Rqml.Transports.Grpc.Links;

namespace Rqml.Transports.Grpc;

/// <summary>Links over gRPC, each a call with an HTTP/2 connection of its own.</summary>
/// <param name="options">Where to listen, and how to connect.</param>
/// <param name="host">The host's own server, which serves the host's own node where it was asked to; null: there is none.</param>
/// <param name="services">The host's, for what a server of its own serves beside links; null: links alone.</param>
internal sealed class GrpcTransport(GrpcOptions options, HostServer? host = null, IServiceProvider? services = null) : ITransport, IAsyncDisposable
{
    public const string SchemeName = "grpc";

    private readonly Endings _endings = new();

    public string Scheme => SchemeName;

    public TransportCapabilities Capabilities { get; } = new(LinkMethod.MaxBlockBytes, IsLocal: false, IsEncrypted: false);

    public Uri AddressFor(string node, bool isOwn) => isOwn ? options.ListenUri : new UriBuilder(options.ListenUri) { Port = 0 }.Uri;

    public async ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        var isOwn = address == options.ListenUri;
        if (host is { IsUsed: true }) return isOwn ? host.Listen(address, options.AdvertisedHost) : throw new TransportException(address.AbsoluteUri, "a host whose own server serves links has one node; further nodes take hosts of their own");
        return await OwnServer.StartAsync(address, options, isOwn ? services : null, _endings, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);

        // Others call back at once: where that would be too early, they are called later.
        if (host is { IsUsed: true }) await host.Started.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await GrpcConnection.OpenAsync(address, options.ConnectTimeout, _endings, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _endings.DisposeAsync();
}
