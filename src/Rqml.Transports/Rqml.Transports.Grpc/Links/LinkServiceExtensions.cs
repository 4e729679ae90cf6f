using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Rqml.Transports.Grpc.Links;

/// <summary>Adds <see cref="LinkService"/> to a server's services: the host's, or those of a server of the node's own.</summary>
internal static class LinkServiceExtensions
{
    public static void AddLinkService(this IServiceCollection services, Func<IServiceProvider, LinkInbox?> inbox)
    {
        services.AddGrpc().AddServiceOptions<LinkService>(options =>
        {
            options.MaxReceiveMessageSize = LinkMethod.MaxMessageBytes;
            options.MaxSendMessageSize = null;      // checked before it comes there
        });
        services.TryAddSingleton(provider => new LinkService(() => inbox(provider)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<LinkService>, LinkMethodProvider>());
    }
}
