using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Messaging;
using Rqml.Transports.Grpc;
using Rqml.Transports.Grpc.Links;
using Rqml.Transports.Grpc.Tasks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds links over gRPC.</summary>
public static class RqmlGrpcBuilderExtensions
{
    /// <summary>
    /// Lets nodes elsewhere reach this host's over gRPC: at a server of the node's own, or through the host's own server where it calls <c>app.MapRqmlGrpc()</c>. Calling it
    /// twice is harmless: both calls configure the same transport.
    /// </summary>
    public static IRqmlBuilder AddGrpc(this IRqmlBuilder rqml, Action<GrpcOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var options = rqml.Services.AddOptions<GrpcOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GrpcOptions>, GrpcOptionsValidator>());
        rqml.Services.AddLinkService(provider => provider.GetRequiredService<HostServer>().Inbox, provider => provider.GetRequiredService<IOptions<RqmlOptions>>().Value.AllowPlaintext);
        rqml.Services.AddNodeService(provider => provider);
        rqml.Services.TryAddSingleton<HostServer>();
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, HostServer>(provider => provider.GetRequiredService<HostServer>()));
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransport, GrpcTransport>(provider =>
            new GrpcTransport(provider.GetRequiredService<IOptions<GrpcOptions>>().Value, provider.GetRequiredService<HostServer>(), provider)));
        return rqml;
    }

    /// <summary>
    /// Lets Kestrel receive into buffers of 64 KiB instead of 4 KiB in the whole of this host's server, its other endpoints included: about twice the throughput of links, for
    /// 64 KiB an idle connection. Only of use where <c>app.MapRqmlGrpc()</c> is called; a server of the node's own has <see cref="GrpcOptions.UseLargeReceiveBuffers"/>.
    /// </summary>
    public static IServiceCollection AddRqmlGrpcReceiveBuffers(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, ReceiveBufferPoolFactory>());
        return services;
    }
}
