using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Health;
using Rqml.AspNetCore.Metrics;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves a node's pages in the host's own server.</summary>
public static class RqmlEndpointExtensions
{
    /// <summary>
    /// Serves <c>/metrics</c>, <c>/health</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/queue_stats</c> and <c>/checkpoint_state</c> of the host's node. Call it before the host
    /// starts. A page that another endpoint of the host answers too keeps it from starting, with a <see cref="Rqml.AspNetCore.RouteCollisionException"/>.
    /// </summary>
    /// <param name="endpoints">The host's.</param>
    /// <param name="prefix">Stands before each route, such as <c>/rqml</c>; empty: nothing does.</param>
    /// <returns>Conventions of all pages, such as <c>RequireAuthorization</c>, <c>RequireRateLimiting</c> or <c>RequireCors</c>. Without any, everybody who reaches the server may read them.</returns>
    /// <exception cref="InvalidOperationException"><c>AddHttpEndpoints</c> was not called on the host's Rqml.</exception>
    public static IEndpointConventionBuilder MapRqml(this IEndpointRouteBuilder endpoints, string prefix = "")
    {
        var group = GroupOf(endpoints, prefix, nameof(MapRqml));
        group.MapMetrics();
        group.MapHealth();
        group.MapNode();
        return group;
    }

    private static RouteGroupBuilder GroupOf(IEndpointRouteBuilder endpoints, string prefix, string method)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        var check = endpoints.ServiceProvider.GetService<RouteCheck>()
            ?? throw new InvalidOperationException($"{method} serves what AddHttpEndpoints adds: call services.AddRqml(rqml => rqml.AddHttpEndpoints()) first.");
        var group = endpoints.MapGroup(prefix);
        if (check.Add(endpoints, method)) group.NamePages();
        group.WithMetadata(RqmlEndpoint.Mark).WithTags("Rqml").AddEndpointFilter(new ProblemFilter());
        return group;
    }
}
