using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rqml.AspNetCore.Routes;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Health;

/// <summary>Serves <c>/health</c>, <c>/health/live</c> and <c>/health/ready</c> from Rqml's own checks; the host's are its own pages' to show.</summary>
internal static class HealthPages
{
    /// <summary>All of Rqml's checks have it.</summary>
    public const string Tag = "rqml";

    public static void MapHealth(this RouteGroupBuilder group)
    {
        group.MapGet("/health", All).Document<HealthReply>("health", "What the node says of its health: live and ready together.").Produces<HealthReply>(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/health/live", Live).Document<HealthReply>("health_live", "503 where only a restart helps: loop or store have failed.").Produces<HealthReply>(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/health/ready", Ready).Document<HealthReply>("health_ready", "503 where new work should go elsewhere: not joined yet, draining, stopped.").Produces<HealthReply>(StatusCodes.Status503ServiceUnavailable);
    }

    private static Task<JsonHttpResult<HealthReply>> All([FromServices] HealthCheckService checks, [FromServices] RqmlHost host, HttpContext context) => CheckAsync(checks, host, null, context);

    private static Task<JsonHttpResult<HealthReply>> Live([FromServices] HealthCheckService checks, [FromServices] RqmlHost host, HttpContext context) => CheckAsync(checks, host, LiveCheck.Name, context);

    private static Task<JsonHttpResult<HealthReply>> Ready([FromServices] HealthCheckService checks, [FromServices] RqmlHost host, HttpContext context) => CheckAsync(checks, host, ReadyCheck.Name, context);

    private static async Task<JsonHttpResult<HealthReply>> CheckAsync(HealthCheckService checks, RqmlHost host, string? only, HttpContext context)
    {
        var report = await checks.CheckHealthAsync(check => check.Tags.Contains(Tag) && (only is null || check.Name == only), context.RequestAborted).ConfigureAwait(false);
        var main = host.Nodes.LastOrDefault();
        var reply = new HealthReply(
            HealthReply.NameOf(report.Status), main?.Self.Node.Value, main?.Node is { } node ? Names.Of(node.Phase) : null,
            [.. report.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => new HealthFinding(entry.Key, HealthReply.NameOf(entry.Value.Status), ReasonsOf(entry.Value)))]);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(reply, RqmlJson.Default.HealthReply, statusCode: report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    /// <summary>A check that threw has none of its own: its description is the framework's, which may hold the error's message.</summary>
    private static IReadOnlyList<string> ReasonsOf(HealthReportEntry entry) =>
        entry.Data.TryGetValue(Finding.ReasonsKey, out var reasons) ? (IReadOnlyList<string>)reasons : [entry.Exception?.GetType().Name ?? "unknown"];
}
