using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Storage.Etcd;
using Rqml.Storage.Etcd.Endpoints;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets several machines agree through etcd.</summary>
public static class RqmlEtcdBuilderExtensions
{
    /// <summary>Lets this host's nodes agree with those of other machines on one scheduler through etcd: whoever leads is replaced when it dies. The host starts whether etcd answers or not.</summary>
    /// <param name="rqml">The host.</param>
    /// <param name="endpoints">As <see cref="EtcdOptions.Endpoints"/>: <c>http://127.0.0.1:2379</c>, or several addresses separated by commas.</param>
    /// <param name="configure">Sets further options.</param>
    /// <exception cref="InvalidOperationException">A coordination store was chosen before; the message names both.</exception>
    public static IRqmlBuilder UseEtcd(this IRqmlBuilder rqml, string endpoints, Action<EtcdOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        ArgumentNullException.ThrowIfNull(endpoints);
        return Use(rqml, $"etcd at {EndpointList.Describe(endpoints)}", options =>
        {
            options.Endpoints = endpoints;
            configure?.Invoke(options);
        });
    }

    /// <summary>As the other overload, with all that it takes from <see cref="EtcdOptions"/>, which may be bound to a section of the host's configuration.</summary>
    /// <param name="rqml">The host.</param>
    /// <param name="configure">Sets options.</param>
    /// <exception cref="InvalidOperationException">A coordination store was chosen before; the message names both.</exception>
    public static IRqmlBuilder UseEtcd(this IRqmlBuilder rqml, Action<EtcdOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        return Use(rqml, "etcd", configure);
    }

    private static IRqmlBuilder Use(IRqmlBuilder rqml, string name, Action<EtcdOptions>? configure)
    {
        rqml.UseCoordinationStore(name, services => services.GetRequiredService<EtcdCoordinationStore>());
        var options = rqml.Services.AddOptions<EtcdOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        rqml.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EtcdOptions>, EtcdOptionsValidator>());
        rqml.Services.TryAddSingleton(services => new EtcdCoordinationStore(
            services.GetRequiredService<IOptions<EtcdOptions>>().Value, services.GetService<TimeProvider>(), services.GetService<ILogger<EtcdCoordinationStore>>()));
        return rqml;
    }
}
