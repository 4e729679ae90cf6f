using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rqml.AspNetCore.Health;

/// <summary>What was found of a node's health: the worst of all that was seen, with each reason.</summary>
internal sealed class Finding
{
    public const string ReasonsKey = "reasons";

    private readonly List<string> _reasons = [];

    public HealthStatus Status { get; private set; } = HealthStatus.Healthy;

    public IReadOnlyList<string> Reasons => _reasons;

    public void Add(HealthStatus status, string reason)
    {
        if (status < Status) Status = status;      // the framework's enum begins with the worst
        _reasons.Add(reason);
    }

    public HealthCheckResult ToResult() => new(
        Status, _reasons.Count == 0 ? null : string.Join("; ", _reasons), data: new Dictionary<string, object> { [ReasonsKey] = _reasons });
}
