using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Rqml.AspNetCore.Nodes;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;
using Rqml.Hosting;
using Rqml.Tasks;

namespace Rqml.AspNetCore.Tasks;

/// <summary>Serves the tasks of the host's own ledger.</summary>
internal static class TaskPages
{
    private const string LastEventId = "Last-Event-ID";
    private const string Any = "*/*";      // else the router itself refuses what is neither of the others, without problem details
    private static readonly TimeSpan AfterStreams = TimeSpan.FromSeconds(5);

    public static void MapTasks(this RouteGroupBuilder group)
    {
        group.MapPost("", Submit).Document<SubmittedTask>("tasks_submit", "Submits a task; answers once it is durable at the host's level.", StatusCodes.Status202Accepted).Produces<SubmittedTask>().Accepts<object>("application/json", "application/octet-stream", Any).Refuses(400, 404, 409, 413, 415, 429, 503);
        group.MapGet("", List).Document<KnownTasks>("tasks_list", "The tasks of this ledger, in the order of submission, page by page.").Refuses(400, 409, 503);
        group.MapGet("/{id}", Status).Document<KnownTask>("tasks_status", "Where a task is, and its result once it is settled.").Refuses(400, 404, 409, 503);
        group.MapGet("/{id}/events", Events).Produces<string>(StatusCodes.Status200OK, "text/event-stream").Document("tasks_events", "The task's iterations as they are made, and its result, as server-sent events.").Refuses(400, 404, 409, 429, 503);
        group.MapGet("/{id}/story", Explain).Document<ToldTask>("tasks_story", "What has happened to a task, and why.").Refuses(400, 404, 409, 503);
        group.MapPost("/{id}/cancel", Cancel).Document<CancelledTask>("tasks_cancel", "Settles a task as cancelled, durably.").Refuses(400, 404, 409, 503);
    }

    private static async Task<IResult> Submit([FromServices] OpaqueTasks tasks, [FromServices] RqmlHost host, HttpContext context)
    {
        var (name, version, options) = Submission.Read(context.Request);
        MustHaveLedger(host);
        var payload = await PayloadBody.ReadAsync(context.Request, name, tasks.ClassOf(name, version), context.RequestAborted).ConfigureAwait(false);
        var submission = await tasks.TrySubmitAsync(name, version, payload, options, context.RequestAborted).ConfigureAwait(false);
        if (submission.Handle is not { } handle) return submission.RetryAfter is { } retryAfter ? Problem.Full(retryAfter, context) : Problem.ShuttingDown(context);
        context.Response.Headers.Location = $"{context.Request.PathBase.ToUriComponent()}{context.Request.Path.ToUriComponent().TrimEnd('/')}/{handle.Id}";
        return TypedResults.Json(new SubmittedTask(handle.Id.ToString(), submission.IsExisting), RqmlJson.Default.SubmittedTask, statusCode: submission.IsExisting ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private static async Task<JsonHttpResult<KnownTasks>> List([FromServices] OpaqueTasks tasks, [FromServices] RqmlHost host, [FromServices] IOptions<RqmlHttpOptions> options, HttpContext context)
    {
        var query = new StrictQuery(context.Request.Query, ["class", "state", "outcome", "partition_key", "after", "limit"]);
        var filter = new TaskFilter { Class = query.Text("class"), State = query.Value<RefinementState>("state"), Outcome = query.Value<Outcome>("outcome"), PartitionKey = query.Text("partition_key") };
        var page = PageRange.Read(query.Text("after"), query.Text("limit"), options.Value.PageSize);
        MustHaveLedger(host);
        var found = await tasks.ListAsync(filter, page.After, page.Limit + 1, context.RequestAborted).ConfigureAwait(false);
        var shown = found.Take(page.Limit).Select(status => KnownTask.Of(status)).ToArray();
        return TypedResults.Json(new KnownTasks(shown, found.Count > page.Limit ? shown[^1].Id : null), RqmlJson.Default.KnownTasks);
    }

    private static async Task<JsonHttpResult<KnownTask>> Status([FromServices] OpaqueTasks tasks, [FromServices] RqmlHost host, string id, HttpContext context)
    {
        var task = Ids.Read(id, nameof(id));
        MustHaveLedger(host);
        var status = await tasks.GetStatusAsync(task, context.RequestAborted).ConfigureAwait(false);
        if (status.State != RefinementState.Settled) return TypedResults.Json(KnownTask.Of(status), RqmlJson.Default.KnownTask);
        var handle = await tasks.AttachAsync(task, context.RequestAborted).ConfigureAwait(false);
        var result = TaskResult.Of(await handle.GetResultAsync(context.RequestAborted).ConfigureAwait(false), tasks.ClassOf(status.Class, status.ClassVersion).HasJsonArtifact);
        return TypedResults.Json(KnownTask.Of(status, result), RqmlJson.Default.KnownTask);
    }

    private static async Task<IResult> Events([FromServices] OpaqueTasks tasks, [FromServices] RqmlHost host, [FromServices] EventStreams streams, [FromServices] NodeDrain drain, [FromServices] TimeProvider time, string id, HttpContext context)
    {
        var task = Ids.Read(id, nameof(id));
        var withArtifacts = new StrictQuery(context.Request.Query, ["artifacts"]).Flag("artifacts");
        var last = context.Request.Headers[LastEventId].ToString();
        if (last == TaskEvents.ResultId) return TypedResults.NoContent();      // what tells a browser not to come again
        var seen = 0;
        if (last.Length > 0 && !int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out seen)) throw ProblemException.Invalid($"{LastEventId} is '{Quote.Of(last)}'; it takes the id of an event of this page.");
        MustHaveLedger(host);
        if (streams.TryEnter() is not { } place) return Problem.Later(StatusCodes.Status429TooManyRequests, ProblemTypes.TooManyStreams, "As many streams of events are open as this host takes.", AfterStreams, context);
        context.Response.RegisterForDispose(place);
        var status = await tasks.GetStatusAsync(task, context.RequestAborted).ConfigureAwait(false);
        var handle = await tasks.AttachAsync(task, context.RequestAborted).ConfigureAwait(false);
        var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, drain.Stopping);
        context.Response.RegisterForDispose(ends);
        return new EventStreamResult(TaskEvents.ReadAsync(status, handle, tasks.ClassOf(status.Class, status.ClassVersion), withArtifacts, seen, ends.Token), ends, streams.KeepAlive, time);
    }

    private static async Task<JsonHttpResult<ToldTask>> Explain([FromServices] IRqmlClient client, [FromServices] RqmlHost host, string id, HttpContext context)
    {
        var task = Ids.Read(id, nameof(id));
        MustHaveLedger(host);
        return TypedResults.Json(ToldTask.Of(await client.ExplainAsync(task, context.RequestAborted).ConfigureAwait(false)), RqmlJson.Default.ToldTask);
    }

    private static async Task<JsonHttpResult<CancelledTask>> Cancel([FromServices] IRqmlClient client, [FromServices] RqmlHost host, string id, HttpContext context)
    {
        var task = Ids.Read(id, nameof(id));
        MustHaveLedger(host);
        return TypedResults.Json(new CancelledTask(await client.CancelAsync(task, context.RequestAborted).ConfigureAwait(false)), RqmlJson.Default.CancelledTask);
    }

    private static void MustHaveLedger(RqmlHost host)
    {
        if (host.Nodes.LastOrDefault() is not { } node) throw new ProblemException(StatusCodes.Status503ServiceUnavailable, ProblemTypes.NotStarted, "The host's node has not started yet.");
        if (node.Ledger is null) throw new ProblemException(StatusCodes.Status409Conflict, ProblemTypes.WrongRole, "This host's node has not the role Client, so it takes no tasks.");
    }
}
