using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Messaging;
using Rqml.Transports.Tcp;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds links over sockets.</summary>
public static class RqmlTcpBuilderExtensions
{
    /// <summary>Lets nodes elsewhere reach this host's over TCP. Calling it twice is harmless: both calls configure the same transport.</summary>
    public static IRqmlBuilder AddTcp(this IRqmlBuilder rqml, Action<TcpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var options = rqml.Services.AddOptions<TcpOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TcpOptions>, TcpOptionsValidator>());
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransport, TcpTransport>(provider => new TcpTransport(provider.GetRequiredService<IOptions<TcpOptions>>().Value)));
        return rqml;
    }

    /// <summary>Lets other processes of this machine, of the same user, reach this host's nodes over a Unix domain socket. Calling it twice is harmless.</summary>
    public static IRqmlBuilder AddUnixSocket(this IRqmlBuilder rqml, Action<UnixSocketOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var options = rqml.Services.AddOptions<UnixSocketOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<UnixSocketOptions>, UnixSocketOptionsValidator>());
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransport, UnixSocketTransport>(provider => new UnixSocketTransport(provider.GetRequiredService<IOptions<UnixSocketOptions>>().Value)));
        return rqml;
    }
}
