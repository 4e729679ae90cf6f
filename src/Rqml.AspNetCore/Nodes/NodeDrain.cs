using Microsoft.Extensions.Hosting;
using Rqml.AspNetCore.Routes;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Nodes;

/// <summary>
/// Drains the node before the server stops: in the usual order the server would go first, and nobody who asks could be told that the node is draining. The host's own
/// time for stopping bounds it, as it bounds everything.
/// </summary>
internal sealed class NodeDrain : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenRegistration _signalled;
    private readonly RqmlHost _host;
    private readonly RouteCheck _routes;

    public NodeDrain(RqmlHost host, RouteCheck routes, IHostApplicationLifetime lifetime)
    {
        (_host, _routes) = (host, routes);
        _signalled = lifetime.ApplicationStopping.Register(_stopping.Cancel);
    }

    /// <summary>Cancelled as soon as the host begins to stop: by a signal, or because it was told to.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);      // a host that is told to stop says so to its services first, and to its lifetime later
        if (_routes.IsUsed) await _host.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _signalled.Dispose();
        _stopping.Dispose();
    }

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
