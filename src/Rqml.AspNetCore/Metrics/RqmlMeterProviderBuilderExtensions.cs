using Rqml.Diagnostics;

namespace OpenTelemetry.Metrics;

/// <summary>Rqml's metrics for a host that exports its own.</summary>
public static class RqmlMeterProviderBuilderExtensions
{
    /// <summary>Listens to the meter <c>Rqml</c>. Calling it twice is harmless.</summary>
    public static MeterProviderBuilder AddRqmlInstrumentation(this MeterProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddMeter(RqmlInstruments.MeterName);
    }
}
