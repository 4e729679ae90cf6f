using Rqml.Diagnostics;

namespace OpenTelemetry.Trace;

/// <summary>Rqml's spans for a host that exports its own.</summary>
public static class RqmlTracerProviderBuilderExtensions
{
    /// <summary>
    /// Listens to the source <c>Rqml</c>: a task's spans are one trace, from the span of whoever submitted it to its settlement, on whatever nodes it was. Every process that
    /// is to be seen calls it. Calling it twice is harmless.
    /// </summary>
    public static TracerProviderBuilder AddRqmlInstrumentation(this TracerProviderBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSource(Spans.SourceName);
    }
}
