using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Rqml.AspNetCore.Tests;

[Collection(Traces.TraceTests.OfProcess)]
public sealed class MetricsPageTests
{
    [Fact]
    public async Task Metrics_are_prometheus_text_with_total_and_base_units()
    {
        await using var host = await WebHost.StartAsync();
        await (await host.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        var text = await host.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("# TYPE rqml_tasks_submitted_total counter", text, StringComparison.Ordinal);
        Assert.Contains("# HELP rqml_tasks_submitted_total Tasks that a ledger took.", text, StringComparison.Ordinal);
        Assert.Contains("rqml_task_duration_seconds_bucket", text, StringComparison.Ordinal);
        Assert.Matches("rqml_tasks_submitted_total\\{[^}]*rqml_class=\"square-root\"[^}]*\\} [1-9]", text);
    }

    [Fact]
    public async Task Whoever_asks_for_openmetrics_gets_it()
    {
        await using var host = await WebHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");
        using var response = await host.Http.SendAsync(request);
        Assert.Equal("application/openmetrics-text", response.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("# EOF\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_duration_within_a_sampled_span_leaves_its_trace_as_an_exemplar()
    {
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name == "Rqml", Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        await using var host = await WebHost.StartAsync();
        await (await host.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");
        using var response = await host.Http.SendAsync(request);
        Assert.Matches("rqml_pass_duration_seconds_bucket\\{[^}]*\\} [0-9]+ # \\{[^}]*trace_id=\"[0-9a-f]{32}\"", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Durations_have_bounds_that_tell_a_millisecond_from_an_hour()
    {
        await using var host = await WebHost.StartAsync();
        await (await host.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        var text = await host.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("le=\"0.001\"", text, StringComparison.Ordinal);
        Assert.Contains("le=\"3600\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hosts_own_provider_with_the_exporter_is_used_and_shows_its_meters_too()
    {
        using var meter = new System.Diagnostics.Metrics.Meter("Shop");
        await using var host = await WebHost.StartAsync(services: services => services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Shop").AddPrometheusExporter()));
        meter.CreateCounter<long>("orders").Add(3);
        await (await host.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        var text = await host.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("orders_total", text, StringComparison.Ordinal);
        Assert.Contains("rqml_tasks_submitted_total", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hosts_own_provider_without_the_exporter_is_left_alone()
    {
        await using var host = await WebHost.StartAsync(services: services => services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Shop")));
        await (await host.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        Assert.Contains("rqml_tasks_submitted_total", await host.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_hosts_in_one_process_each_shows_its_own_nodes(bool hasOwnProvider)
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync();
        for (var i = 0; i < 3; i++) await (await one.Client.SubmitAsync(WebHost.Root, 2)).Completion;
        await (await other.Client.SubmitAsync(WebHost.Root, 2)).Completion;

        Assert.Equal((3, 1), (await SubmittedAsync(one), await SubmittedAsync(other)));

        Task<WebHost> StartAsync() => WebHost.StartAsync(services: services =>
        {
            if (hasOwnProvider) services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));
        });
    }

    private static async Task<double> SubmittedAsync(WebHost host)
    {
        var text = await host.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n').Where(line => line.StartsWith("rqml_tasks_submitted_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Only_reading_is_answered()
    {
        await using var host = await WebHost.StartAsync(map: app => app.MapRqml());
        using var response = await host.Http.PostAsync(new Uri("/metrics", UriKind.Relative), null);
        Assert.Equal(405, (int)response.StatusCode);
    }
}
