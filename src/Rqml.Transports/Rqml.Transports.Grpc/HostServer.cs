using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Transports.Grpc.Links;

namespace Rqml.Transports.Grpc;

/// <summary>
/// The host's own server, where <c>MapRqmlGrpc</c> lets it serve the host's node. The server begins after the node and would end before it: so the node calls nobody
/// before the server is there, and is drained and stopped before the server closes its links.
/// </summary>
internal sealed class HostServer(IServiceProvider services) : IHostedLifecycleService
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the host's server serves links; said before the host starts.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>The inbox of the host's node, while it listens.</summary>
    public LinkInbox? Inbox { get; private set; }

    /// <summary>Completes when the host has started, and its server with it.</summary>
    public Task Started => _started.Task;

    public void Use() => IsUsed = true;

    public IListener Listen(Uri address, string? advertisedHost)
    {
        if (address.Port <= 0) throw new TransportException(address.AbsoluteUri, $"a host whose own server serves links names the port of that server in {nameof(GrpcOptions)}.{nameof(GrpcOptions.Listen)}");
        if (Inbox is { IsClosed: false }) throw new TransportException(address.AbsoluteUri, "somebody listens there already");
        Inbox = new LinkInbox(new UriBuilder(GrpcTransport.SchemeName, advertisedHost ?? address.Host, address.Port).Uri);
        return new Listener(Inbox);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _started.TrySetResult();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        IsUsed && services.GetService<RqmlHost>() is { } host ? host.StopAsync(cancellationToken) : Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Listener(LinkInbox inbox) : IListener
    {
        public Uri Address => inbox.Address;

        public ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken) => inbox.AcceptAsync(cancellationToken);

        public ValueTask DisposeAsync() => inbox.CloseAsync();
    }
}
