using Microsoft.Extensions.DependencyInjection.Extensions;
using Rqml;
using Rqml.Messaging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the transport between hosts of one process.</summary>
public static class RqmlInProcessBuilderExtensions
{
    /// <summary>Lets other hosts of this process reach this host's nodes, each at <c>inproc://{node name}</c>. Calling it twice is harmless.</summary>
    public static IRqmlBuilder AddInProcess(this IRqmlBuilder rqml)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ITransport, InProcessTransport>());
        return rqml;
    }
}
