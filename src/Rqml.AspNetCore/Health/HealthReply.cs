using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rqml.AspNetCore.Health;

/// <summary>The body of the health pages.</summary>
/// <param name="Status">The worst of the checks: healthy, degraded or unhealthy.</param>
/// <param name="Node">The host's own node; null before the host starts.</param>
/// <param name="Phase">Where it is in its life; null where it is no worker.</param>
/// <param name="Checks">What was looked at.</param>
internal sealed record HealthReply(
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("node")] string? Node,
    [property: JsonPropertyName("phase")] string? Phase,
    [property: JsonPropertyName("checks")] IReadOnlyList<HealthFinding> Checks)
{
    public static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

/// <summary>One check.</summary>
/// <param name="Name">Its name: rqml_live or rqml_ready.</param>
/// <param name="Status">What it found: healthy, degraded or unhealthy.</param>
/// <param name="Reasons">Why it is not healthy.</param>
internal sealed record HealthFinding(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("reasons")] IReadOnlyList<string> Reasons);
