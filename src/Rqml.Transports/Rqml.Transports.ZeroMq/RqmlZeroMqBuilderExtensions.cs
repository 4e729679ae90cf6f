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
    /// </summary>
    /// <remarks>
    /// What is NetMQ's is the process's. The first socket gives it a pool for its buffers, unless the host has given it one before, and each node that listens and each link that was opened from
    /// here is a socket of the 1,024 that it allows unless <c>NetMQConfig.MaxSockets</c> says otherwise before the first. Nodes belong on networks that are trusted: whoever can reach a
    /// port can end the process with a greeting whose property has a negative length (NetMQ 4.0.4.5, on a thread of its own), and NetMQ holds a message of many parts until its last.
    /// </remarks>
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
