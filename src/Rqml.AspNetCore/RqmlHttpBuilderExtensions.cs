using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using Rqml;
using Rqml.AspNetCore;
using Rqml.AspNetCore.Health;
using Rqml.AspNetCore.Metrics;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Routes;
using Rqml.AspNetCore.Tasks;
using Rqml.Hosting;
using Rqml.Tasks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds what <c>app.MapRqml()</c> serves.</summary>
public static class RqmlHttpBuilderExtensions
{
    /// <summary>
    /// Adds the health checks <c>rqml_live</c> and <c>rqml_ready</c>, and what <c>app.MapRqml()</c> and <c>app.MapRqmlTasks()</c> serve. Where these are called, the node is drained
    /// before the server stops. A meter provider of the host listens to the meter <c>Rqml</c> of this host's nodes from now on. Calling it twice is harmless: both calls configure the same pages.
    /// </summary>
    public static IRqmlBuilder AddHttpEndpoints(this IRqmlBuilder rqml, Action<RqmlHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        var services = rqml.Services;
        var options = services.AddOptions<RqmlHttpOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(RouteCheck))) return rqml;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RqmlHttpOptions>, RqmlHttpOptionsValidator>());
        services.AddSingleton<RouteCheck>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<RouteCheck>());
        services.AddSingleton<IStartupFilter>(provider => provider.GetRequiredService<RouteCheck>());
        services.AddSingleton<NodeDrain>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<NodeDrain>());
        services.AddSingleton<NodeHealth>();
        services.AddSingleton<EventStreams>();
        services.TryAddSingleton(provider => new OpaqueTasks(provider.GetRequiredService<RqmlHost>(), provider.GetRequiredService<IRqmlClient>()));
        services.AddHealthChecks()
            .AddCheck<LiveCheck>(LiveCheck.Name, tags: [HealthPages.Tag, LiveCheck.Tag])
            .AddCheck<ReadyCheck>(ReadyCheck.Name, tags: [HealthPages.Tag, ReadyCheck.Tag]);
        services.AddSingleton(provider => new ScrapedMeters(provider.GetService<MeterProvider>(), provider.GetService<IMeterFactory>()));
        services.ConfigureOpenTelemetryMeterProvider((provider, meters) => ScrapedMeters.OfHost(meters, provider.GetService<IMeterFactory>()));
        services.Configure<JsonOptions>(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, RqmlJson.Default));
        return rqml;
    }
}
