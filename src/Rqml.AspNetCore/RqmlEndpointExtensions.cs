using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Health;
using Rqml.AspNetCore.Metrics;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;
using Rqml.AspNetCore.Tasks;

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

    /// <summary>
    /// Serves the tasks of the host's ledger: <c>POST</c> submits one, <c>GET</c> lists them, and below each id are its status with the result, <c>/events</c>, <c>/story</c> and
    /// <c>/cancel</c>. Call it before the host starts. A route that another endpoint of the host answers too keeps it from starting, with a
    /// <see cref="Rqml.AspNetCore.RouteCollisionException"/>.
    /// </summary>
    /// <param name="endpoints">The host's.</param>
    /// <param name="prefix">Where they are.</param>
    /// <returns>Conventions of all of them, such as <c>RequireAuthorization</c>. Without any, everybody who reaches the server may submit and cancel.</returns>
    /// <exception cref="InvalidOperationException"><c>AddHttpEndpoints</c> was not called on the host's Rqml.</exception>
    public static IEndpointConventionBuilder MapRqmlTasks(this IEndpointRouteBuilder endpoints, string prefix = "/tasks")
    {
        var group = GroupOf(endpoints, prefix, nameof(MapRqmlTasks));
        group.MapTasks();
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
