using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Rqml.AspNetCore.Metrics;

/// <summary>Serves <c>/metrics</c>: Prometheus text, or OpenMetrics where the caller asks for it.</summary>
internal static class MetricsPage
{
    public const string Path = "/metrics";

    public static void MapMetrics(this RouteGroupBuilder group)
    {
        var meters = ((IEndpointRouteBuilder)group).ServiceProvider.GetRequiredService<ScrapedMeters>();
        var page = meters.Host is { } host && TryMap(group, host) is { } mapped ? mapped : group.MapPrometheusScrapingEndpoint(Path, meters.Own, null, null);
        page.WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head])).WithDisplayName("Rqml metrics");
    }

    /// <summary>Null where the provider has no exporter for Prometheus, which the exporter says by an argument's error and nothing else tells.</summary>
    private static IEndpointConventionBuilder? TryMap(RouteGroupBuilder group, MeterProvider provider)
    {
        try
        {
            return group.MapPrometheusScrapingEndpoint(Path, provider, null, null);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
