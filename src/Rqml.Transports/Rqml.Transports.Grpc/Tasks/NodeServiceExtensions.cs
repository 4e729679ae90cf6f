using Grpc.AspNetCore.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Rqml.Transports.Grpc.Tasks;

/// <summary>Adds <see cref="NodeService"/> to a server's services: the host's, or those of a server of the node's own.</summary>
internal static class NodeServiceExtensions
{
    /// <param name="services">Of the server.</param>
    /// <param name="host">The host's services, from those of the server.</param>
    public static void AddNodeService(this IServiceCollection services, Func<IServiceProvider, IServiceProvider> host)
    {
        if (services.Any(service => service.ServiceType == typeof(NodeService))) return;
        services.AddSingleton(provider => new NodeService(host(provider)));
        services.AddGrpc().AddServiceOptions<NodeService>(options => options.Interceptors.Add<StatusInterceptor>());
        services.AddOptions<GrpcServiceOptions<NodeService>>().PostConfigure<IServiceProvider>((service, provider) =>
        {
            var bound = host(provider).GetRequiredService<IOptions<GrpcOptions>>().Value.MaxMessageBytes;
            (service.MaxReceiveMessageSize, service.MaxSendMessageSize) = (bound, bound);
        });
    }
}
