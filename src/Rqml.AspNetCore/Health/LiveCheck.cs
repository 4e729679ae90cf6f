using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rqml.AspNetCore.Health;

/// <summary>Unhealthy where only a restart of the process helps.</summary>
internal sealed class LiveCheck(NodeHealth health) : IHealthCheck
{
    public const string Name = "rqml_live";
    public const string Tag = "live";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        (await health.LivesAsync(cancellationToken).ConfigureAwait(false)).ToResult();
}
