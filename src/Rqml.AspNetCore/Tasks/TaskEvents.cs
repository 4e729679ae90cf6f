using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Rqml.Tasks;

namespace Rqml.AspNetCore.Tasks;

/// <summary>
/// A task as a stream of events: <c>status</c> first, <c>iteration</c> for each, <c>result</c> last. Writing waits for the reader, and meanwhile the task's feed lets go of the
/// oldest iterations: a slow reader costs a window, and misses none of the newest.
/// </summary>
internal static class TaskEvents
{
    /// <summary>The id of the last event: who has read it has read all.</summary>
    public const string ResultId = "result";

    private static readonly TimeSpan ComeAgainAfter = TimeSpan.FromSeconds(2);

    /// <param name="status">Of the task, now.</param>
    /// <param name="handle">The task.</param>
    /// <param name="class">Its class.</param>
    /// <param name="withArtifacts">Whether iterations have their artifacts.</param>
    /// <param name="seen">The last iteration that the reader has; 0: none.</param>
    /// <param name="cancellationToken">Ends the stream before its result: the reader comes again, to this host or to another one.</param>
    public static async IAsyncEnumerable<SseItem<string>> ReadAsync(
        RefinementStatus status, IOpaqueHandle handle, IOpaqueTaskClass @class, bool withArtifacts, int seen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new SseItem<string>(JsonSerializer.Serialize(KnownTask.Of(status), RqmlJson.Default.KnownTask), "status") { ReconnectionInterval = ComeAgainAfter };
        await using var iterations = handle.Iterations(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await TryAsync(() => iterations.MoveNextAsync().AsTask()).ConfigureAwait(false))
        {
            if (iterations.Current.Number <= seen) continue;
            var iteration = TaskIteration.Of(iterations.Current, withArtifacts, @class.HasJsonArtifact);
            yield return new SseItem<string>(JsonSerializer.Serialize(iteration, RqmlJson.Default.TaskIteration), "iteration") { EventId = iteration.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        }

        string? result = null;
        var isSettled = await TryAsync(async () =>
        {
            result = JsonSerializer.Serialize(TaskResult.Of(await handle.GetResultAsync(cancellationToken).ConfigureAwait(false), @class.HasJsonArtifact), RqmlJson.Default.TaskResult);
            return true;
        }).ConfigureAwait(false);
        if (isSettled) yield return new SseItem<string>(result!, "result") { EventId = ResultId };
    }

    /// <summary>False also where the reader has gone, the host is stopping or the ledger is lost: a stream that has begun can say so only by ending without a result.</summary>
    private static async Task<bool> TryAsync(Func<Task<bool>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or RqmlException)
        {
            return false;
        }
    }
}
