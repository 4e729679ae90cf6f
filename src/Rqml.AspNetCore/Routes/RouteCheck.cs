using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.AspNetCore.Routes;

/// <summary>
/// Looks for collisions twice: before anything of the host starts, among the endpoints of the builder on which Rqml was mapped; and once the pipeline is built, before the
/// server listens, among all there are. The first finds nearly all of them, and starts no node in vain; the second finds those of other builders.
/// </summary>
internal sealed class RouteCheck : IHostedLifecycleService, IStartupFilter
{
    private readonly List<IEndpointRouteBuilder> _builders = [];
    private readonly HashSet<string> _methods = [];

    /// <summary>Whether pages were mapped; said before the host starts.</summary>
    public bool IsUsed => _builders.Count > 0;

    /// <summary>Notes where pages are mapped; true where no such pages were before.</summary>
    public bool Add(IEndpointRouteBuilder builder, string method)
    {
        _builders.Add(builder);
        return _methods.Add(method);
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var builder in _builders.Distinct()) RouteCollisions.Refuse(builder.DataSources.SelectMany(source => source.Endpoints));
        return Task.CompletedTask;
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        if (IsUsed && app.ApplicationServices.GetService<EndpointDataSource>() is { } all) RouteCollisions.Refuse(all.Endpoints);
    };

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
