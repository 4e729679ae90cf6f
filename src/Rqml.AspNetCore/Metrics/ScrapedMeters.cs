using OpenTelemetry;
using OpenTelemetry.Metrics;
using Rqml.Diagnostics;

namespace Rqml.AspNetCore.Metrics;

/// <summary>Who gathers what <c>/metrics</c> shows: the host's own provider where it exports to Prometheus, else one of ours over Rqml's meter alone, which ends with the host.</summary>
/// <param name="host">The host's provider; null where it has none.</param>
internal sealed class ScrapedMeters(MeterProvider? host) : IDisposable
{
    private MeterProvider? _own;

    /// <summary>The host's provider, if there is one; whether it has the exporter is found out by using it.</summary>
    public MeterProvider? Host => host;

    /// <summary>Begins to gather with the first call.</summary>
    public MeterProvider Own => _own ??= Sdk.CreateMeterProviderBuilder().AddMeter(RqmlInstruments.MeterName).SetExemplarFilter(ExemplarFilterType.TraceBased).AddPrometheusExporter().Build();

    public void Dispose() => _own?.Dispose();
}
