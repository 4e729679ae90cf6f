using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Hosting;
using Rqml.Nodes;
using Rqml.Tasks;
using Rqml.V1;

namespace Rqml.Transports.Grpc.Tasks;

/// <summary>Serves <c>rqml.v1.RqmlNode</c> for the host's own node. Errors are <see cref="StatusInterceptor"/>'s.</summary>
/// <param name="services">The host's: what a call asks for is looked up at the call, as a host may lack a role.</param>
internal sealed class NodeService(IServiceProvider services) : RqmlNode.RqmlNodeBase
{
    private OpaqueTasks Tasks => field ??= new OpaqueTasks(services.GetRequiredService<RqmlHost>(), services.GetRequiredService<IRqmlClient>());

    private INodeOrchestrator Node => services.GetRequiredService<INodeOrchestrator>();

    public override async Task<SubmitReply> Submit(SubmitRequest request, ServerCallContext context)
    {
        var options = (request.Options ?? new V1.SubmitOptions()).ToOptions();
        var version = request.ClassVersion == 0 ? 1 : request.ClassVersion;
        var submission = await Tasks.TrySubmitAsync(request.TaskClass, version, request.Payload.Memory, options, context.CancellationToken).ConfigureAwait(false);
        if (submission.Handle is { } handle) return new SubmitReply { TaskId = handle.Id.ToString(), Existing = submission.IsExisting };
        throw submission.RetryAfter is { } retryAfter ? Refusal.Full(retryAfter) : new RpcException(new Status(StatusCode.Unavailable, "The host is stopping, and takes no more tasks."));
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchReply> responseStream, ServerCallContext context)
    {
        var handle = await Tasks.AttachAsync(IdOf(request.TaskId), context.CancellationToken).ConfigureAwait(false);
        await foreach (var iteration in handle.Iterations(context.CancellationToken).ConfigureAwait(false))
        {
            // While this waits for its reader, the handle keeps the newest iterations and lets go of the oldest.
            await responseStream.WriteAsync(new WatchReply { Iteration = iteration.ToMessage(request.WithArtifacts) }, context.CancellationToken).ConfigureAwait(false);
        }

        var result = await handle.GetResultAsync(context.CancellationToken).ConfigureAwait(false);
        await responseStream.WriteAsync(new WatchReply { Result = result.ToMessage() }, context.CancellationToken).ConfigureAwait(false);
    }

    public override async Task<CancelReply> Cancel(CancelRequest request, ServerCallContext context) =>
        new() { Cancelled = await services.GetRequiredService<IRqmlClient>().CancelAsync(IdOf(request.TaskId), context.CancellationToken).ConfigureAwait(false) };

    public override async Task<StatusReply> Status(StatusRequest request, ServerCallContext context) =>
        (await Tasks.GetStatusAsync(IdOf(request.TaskId), context.CancellationToken).ConfigureAwait(false)).ToMessage();

    public override async Task<DrainReply> Drain(DrainRequest request, ServerCallContext context)
    {
        await Node.DrainAsync(context.CancellationToken).ConfigureAwait(false);
        return new DrainReply();
    }

    public override async Task<NodeReportReply> NodeReport(NodeReportRequest request, ServerCallContext context)
    {
        var node = Node;
        return (await node.GetQueuesAsync(context.CancellationToken).ConfigureAwait(false)).ToMessage(node);
    }

    private static TaskId IdOf(string text) => TaskId.TryParse(text, null, out var id) ? id : throw new ArgumentException($"task_id is '{text}'; it takes a UUID of version 7: 8-4-4-4-12 hexadecimal digits.");
}
