using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rqml.AspNetCore.Health;

/// <summary>Unhealthy where new work should go elsewhere; degraded where it may come, and an operator should look.</summary>
internal sealed class ReadyCheck(NodeHealth health) : IHealthCheck
{
    public const string Name = "rqml_ready";
    public const string Tag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(health.IsReady().ToResult());
}
