using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Rqml.Transports.Grpc.Links;

/// <summary>Adds <see cref="LinkService"/> to a server's services: the host's, or those of a server of the node's own.</summary>
internal static class LinkServiceExtensions
{
    /// <param name="services">Of the server.</param>
    /// <param name="inbox">The inbox of whoever listens now; null: nobody does.</param>
    /// <param name="allowsPlaintext">Whether links may come in the clear from other machines.</param>
    public static void AddLinkService(this IServiceCollection services, Func<IServiceProvider, LinkInbox?> inbox, Func<IServiceProvider, bool> allowsPlaintext)
    {
        if (services.Any(service => service.ServiceType == typeof(LinkService))) return;
        services.AddSingleton(provider => new LinkService(() => inbox(provider), () => allowsPlaintext(provider)));
        services.AddGrpc().AddServiceOptions<LinkService>(options =>
        {
            options.MaxReceiveMessageSize = LinkMethod.MaxMessageBytes;
            options.MaxSendMessageSize = null;      // checked before it comes there
        });
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<LinkService>, LinkMethodProvider>());
    }
}
