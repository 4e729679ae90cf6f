using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Rqml;
using Rqml.Administration;
using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Storage;
using Rqml.Supervision.Events;
using Rqml.Tasks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Rqml to a host.</summary>
public static class RqmlServiceCollectionExtensions
{
    /// <summary>Adds a node of Rqml to this host; it starts and stops with it. Further calls compose the same node.</summary>
    public static IServiceCollection AddRqml(this IServiceCollection services, Action<IRqmlBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        configure(BuilderOf(services));
        return services;
    }

    /// <summary>
    /// Adds a node of Rqml to this host, with its <see cref="RqmlOptions"/> from a section of the host's configuration: <c>appsettings.json</c>, environment variables such as
    /// <c>Rqml__Lanes</c>, and whatever else it is made of. What the configuration says wins over what the code says, so that an operator has the last word. Where it
    /// changes while the host runs, <see cref="RqmlOptions.KeepResults"/>, <see cref="RqmlOptions.DrainTimeout"/> and <see cref="RqmlOptions.MaxOpenTasks"/> take effect at once; the log
    /// names what waits for a restart, and what was refused. What cannot be read, is out of range, or is no option keeps the host from starting; a section below that is none of
    /// Rqml's is left to whoever binds it.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The section whose keys are the names of the options.</param>
    /// <param name="configure">Composes the node.</param>
    public static IServiceCollection AddRqml(this IServiceCollection services, IConfiguration configuration, Action<IRqmlBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddRqml(configure);
        var options = new HostConfiguration(configuration);
        return services.AddSingleton<IConfigureOptions<RqmlOptions>>(options)
            .AddSingleton<IValidateOptions<RqmlOptions>>(options)
            .AddSingleton<IOptionsChangeTokenSource<RqmlOptions>>(new ConfigurationChangeTokenSource<RqmlOptions>(configuration));
    }

    private static RqmlBuilder BuilderOf(IServiceCollection services)
    {
        if (services.FirstOrDefault(service => service.ServiceType == typeof(RqmlBuilder))?.ImplementationInstance is RqmlBuilder known) return known;
        var builder = new RqmlBuilder(services);
        services.AddSingleton(builder);
        services.AddOptions<RqmlOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RqmlOptions>, RqmlOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RqmlOptions>, RqmlBuilderValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.TryAddSingleton(provider => RqmlInstruments.Of(provider.GetService<IMeterFactory>()));
        services.AddEvents();
        services.TryAddSingleton<Datasets>();
        services.TryAddSingleton<LiveOptions>();
        services.AddSingleton(provider => new RqmlHost(
            builder, provider, provider.GetRequiredService<IOptions<RqmlOptions>>(), provider.GetRequiredService<LiveOptions>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(), provider.GetService<IStationObserver>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<RqmlHost>());
        services.TryAddSingleton<IRqmlClient>(provider => new RqmlClient(provider.GetRequiredService<RqmlHost>(), provider.GetService<IStationObserver>()));
        services.TryAddSingleton<IRqmlAdministration>(provider => new RqmlAdministration(provider.GetRequiredService<RqmlHost>()));
        services.TryAddSingleton<INodeOrchestrator>(provider => provider.GetRequiredService<RqmlHost>().Main.Node ?? throw NoRole("Worker"));
        services.TryAddSingleton<IScheduler>(provider => provider.GetRequiredService<RqmlHost>().Main.Scheduler ?? throw NoRole("Scheduler"));
        services.TryAddSingleton<ICheckpointStore>(provider =>
        {
            var main = provider.GetRequiredService<RqmlHost>().Main;
            return main.Checkpoints ?? throw new NoStoreException(main.Self.Node);
        });
        return builder;
    }

    private static InvalidOperationException NoRole(string role) => new($"This host's node has not the role {role}.");
}
