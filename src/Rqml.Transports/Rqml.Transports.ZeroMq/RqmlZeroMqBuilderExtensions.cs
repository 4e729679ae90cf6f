using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Messaging;
using Rqml.Transports.ZeroMq;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds links over ZeroMQ.</summary>
public static class RqmlZeroMqBuilderExtensions
{
    /// <summary>
    /// Lets nodes elsewhere reach this host's over ZeroMQ, at addresses such as <c>zmq://host:port</c>. Calling it twice is harmless: both calls configure the same transport.
    /// The first socket gives NetMQ a pool for its buffers, for the whole process, unless the host has given it one before.
    /// </summary>
    public static IRqmlBuilder AddZeroMq(this IRqmlBuilder rqml, Action<ZeroMqOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var options = rqml.Services.AddOptions<ZeroMqOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ZeroMqOptions>, ZeroMqOptionsValidator>());
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransport, ZeroMqTransport>(provider => new ZeroMqTransport(provider.GetRequiredService<IOptions<ZeroMqOptions>>().Value)));
        return rqml;
    }
}
