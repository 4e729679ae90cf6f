using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;
using Rqml.Checkpoints;
using Rqml.Hosting;
using Rqml.Queues;
using Rqml.Scheduling;

namespace Rqml.AspNetCore.Nodes;

/// <summary>Serves <c>/queue_stats</c> and <c>/checkpoint_state</c> for the host's own node.</summary>
internal static class NodePages
{
    public static void MapNode(this RouteGroupBuilder group)
    {
        group.MapGet("/queue_stats", Queues).Document<QueueStats>("queue_stats", "What waits at the node, in its ledger and at its scheduler.").Refuses(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/checkpoint_state", Checkpoints).Document<CheckpointState>("checkpoint_state", "From where the unfinished tasks of the node would go on.")
            .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<JsonHttpResult<QueueStats>> Queues([FromServices] RqmlHost host, HttpContext context)
    {
        var (node, cancellationToken) = (MainOf(host), context.RequestAborted);
        var worker = node.Node is { } orchestrator ? Describe(await orchestrator.GetQueuesAsync(cancellationToken).ConfigureAwait(false), orchestrator) : null;
        var ledger = node.Ledger is null ? null : new LedgerStats(host.Admission.Taken, host.Admission.MaxOpen, host.Admission.Waiting);
        var scheduler = node.Scheduler is { } own ? Describe(await own.GetStatisticsAsync(cancellationToken).ConfigureAwait(false)) : null;
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new QueueStats(node.Self.Node.Value, worker, ledger, scheduler), RqmlJson.Default.QueueStats);
    }

    private static async Task<JsonHttpResult<CheckpointState>> Checkpoints([FromServices] RqmlHost host, [FromServices] IOptions<RqmlHttpOptions> options, string? after, string? limit, HttpContext context)
    {
        var page = PageRange.Read(after, limit, options.Value.PageSize);
        var node = MainOf(host);
        IReadOnlyList<TaskId> held = node.Node is { } orchestrator ? await orchestrator.GetHeldAsync(context.RequestAborted).ConfigureAwait(false) : [];
        var tasks = node.Checkpoints is null ? [] : held.Where(task => page.After is not { } last || task > last).Order().Take(page.Limit + 1).ToArray();
        var shown = tasks.Take(page.Limit).Select(task => Describe(task, node.Checkpoints!.Read(task))).ToArray();
        context.Response.Headers.CacheControl = "no-store";
        var next = tasks.Length > page.Limit ? shown[^1].Task : null;
        return TypedResults.Json(new CheckpointState(node.Self.Node.Value, node.Checkpoints is not null, node.Checkpoints?.Damaged ?? 0, held.Count, shown, next), RqmlJson.Default.CheckpointState);
    }

    private static NodeRuntime MainOf(RqmlHost host) =>
        host.Nodes.LastOrDefault() ?? throw new ProblemException(StatusCodes.Status503ServiceUnavailable, ProblemTypes.NotStarted, "The host's node has not started yet.");

    private static WorkerStats Describe(Rqml.Nodes.NodeQueues queues, Rqml.Nodes.NodeOrchestrator node) => new(
        Names.Of(node.Phase), Describe(queues.Inbound), Describe(queues.Refinement), queues.Outbound, queues.Running, queues.Lanes, queues.Abandoned, queues.Hanging);

    private static QueueDepth Describe(QueueStatistics queue) => new(
        queue.Waiting, queue.Ready, queue.Parked, queue.Delayed, queue.HeldByKey, queue.Capacity, queue.OldestWait.TotalSeconds, queue.WaitingByClass);

    private static SchedulerStats Describe(SchedulerStatistics known) => new(
        known.IsActive, known.Term.ToString(), known.Tasks, known.Waiting, known.Moved,
        [.. known.Nodes.Select(node => new ScheduledNodeStats(node.Node.Value, node.Standing.ToString().ToLowerInvariant(), node.Assigned, node.Limit, node.Weight.Value, node.Weight.FreeCapacity, node.Weight.Reliability))]);

    private static TaskCheckpoints Describe(TaskId task, IReadOnlyList<TaskCheckpoint> checkpoints) => new(
        task.ToString(), checkpoints.Count,
        checkpoints is [.., var latest] ? new CheckpointSummary(latest.Epoch.ToString(), latest.Iteration, latest.Model, latest.Tier, Convert.ToHexStringLower(latest.Hash.Span)) : null);
}
