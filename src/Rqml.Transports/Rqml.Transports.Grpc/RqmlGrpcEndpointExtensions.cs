using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Transports.Grpc;
using Rqml.Transports.Grpc.Links;
using Rqml.Transports.Grpc.Tasks;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Serves a node's links and its service in the host's own server.</summary>
public static class RqmlGrpcEndpointExtensions
{
    /// <summary>
    /// Lets the host's own server take the links of other nodes and serve <c>rqml.v1.RqmlNode</c>, at an address that speaks HTTP/2. Call it before the host starts;
    /// <see cref="GrpcOptions.Listen"/> then says where the server is reached, with its port. The node stops before the server does.
    /// </summary>
    /// <returns>Conventions of the service, such as <c>RequireAuthorization</c>. They do not concern links: nodes know no users.</returns>
    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> was not called on the host's Rqml.</exception>
    public static IEndpointConventionBuilder MapRqmlGrpc(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var host = endpoints.ServiceProvider.GetService<HostServer>() ?? throw new InvalidOperationException("MapRqmlGrpc serves what AddGrpc adds: call services.AddRqml(rqml => rqml.AddGrpc()) first.");
        host.Use();
        endpoints.MapGrpcService<LinkService>();
        return endpoints.MapGrpcService<NodeService>();
    }
}
