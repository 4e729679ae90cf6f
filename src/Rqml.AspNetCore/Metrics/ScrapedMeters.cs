using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Rqml.Diagnostics;

namespace Rqml.AspNetCore.Metrics;

/// <summary>Who gathers what <c>/metrics</c> shows: the host's own provider where it exports to Prometheus, else one of ours over Rqml's meter alone, which ends with the host.</summary>
/// <param name="host">The host's provider; null where it has none.</param>
/// <param name="meters">Where the host's own nodes have their meter from; null: that of the process.</param>
internal sealed class ScrapedMeters(MeterProvider? host, IMeterFactory? meters) : IDisposable
{
    private MeterProvider? _own;

    /// <summary>The host's provider, if there is one; whether it has the exporter is found out by using it.</summary>
    public MeterProvider? Host => host;

    /// <summary>Begins to gather with the first call.</summary>
    public MeterProvider Own => _own ??= OfHost(Sdk.CreateMeterProviderBuilder(), meters).SetExemplarFilter(ExemplarFilterType.TraceBased).AddPrometheusExporter().Build();

    /// <summary>Listens to the meter of this host's nodes: a provider hears a meter by its name, and another host of the process has one of the same.</summary>
    public static MeterProviderBuilder OfHost(MeterProviderBuilder builder, IMeterFactory? meters) => builder
        .AddRqmlInstrumentation()
        .AddView(instrument => instrument.Meter.Name == RqmlInstruments.MeterName && !ReferenceEquals(instrument.Meter.Scope, meters) ? MetricStreamConfiguration.Drop : null);

    public void Dispose() => _own?.Dispose();
}
