using System.Diagnostics;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Diagnostics;

/// <summary>
/// The spans of a task, named as OpenTelemetry names those of messages: a submitter sends, a scheduler assigns, a node processes it in iterations, a ledger settles it. One
/// trace from first to last, by <see cref="TaskTrace"/>. Where nobody listens each method is one look at a field, and makes nothing.
/// </summary>
internal static class Spans
{
    /// <summary>The name to listen to.</summary>
    public const string SourceName = "Rqml";

    private static readonly ActivitySource Source = new(SourceName);

    public static bool AreHeard => Source.HasListeners();

    /// <summary>A submission, until it is durable; its parent is the caller's span.</summary>
    public static Activity? Submit(TaskId task, ClassKey @class)
    {
        if (!Source.HasListeners()) return null;
        return Source.StartActivity($"submit {@class.Name}", ActivityKind.Producer).About(task, @class, "submit", "send");
    }

    /// <summary>A node was chosen.</summary>
    public static Activity? Assign(in Message assign, Peer to)
    {
        if (!Source.HasListeners() || assign.Body is not Assignment { Spec: { Trace: { } trace } spec }) return null;
        return Source.StartActivity($"assign {spec.Class.Name}", ActivityKind.Internal, trace.Parent).About(spec.Id, spec.Class, "assign", null)?
            .SetTag("rqml.node", to.Node.Value).SetTag("rqml.epoch", assign.Epoch.ToString());
    }

    /// <summary>One start of an attempt on a lane.</summary>
    public static Activity? Attempt(NodeAttempt attempt, NodeId node)
    {
        if (!Source.HasListeners() || attempt.Spec.Trace is not { } trace) return null;
        return Source.StartActivity($"process {attempt.Spec.Class.Name}", ActivityKind.Consumer, trace.Parent).About(attempt.Spec.Id, attempt.Spec.Class, "process", "process")?
            .SetTag("rqml.node", node.Value).SetTag("rqml.epoch", attempt.Attempt.Epoch.ToString()).SetTag("rqml.run", attempt.Run);
    }

    /// <summary>One iteration; what its models call is below it.</summary>
    public static Activity? Iterate(string @class, int iteration, string model)
    {
        if (!Source.HasListeners() || Activity.Current?.Source != Source) return null;      // of a task that nobody traces
        return Source.StartActivity($"iterate {@class}")?.SetTag("rqml.class", @class).SetTag("rqml.iteration", iteration).SetTag("rqml.model", model);
    }

    /// <summary>One voter at work, on whatever node it was asked.</summary>
    public static Activity? Vote(BallotJob job, NodeId node)
    {
        if (!Source.HasListeners() || job.Call.Spec is not { Trace: { } trace } spec) return null;
        return Source.StartActivity($"vote {spec.Class.Name}", ActivityKind.Consumer, trace.Parent).About(spec.Id, spec.Class, "vote", "process")?
            .SetTag("rqml.node", node.Value).SetTag("rqml.epoch", job.Attempt.Epoch.ToString()).SetTag("rqml.vote", job.Number).SetTag("rqml.model", job.Call.Model.Name);
    }

    /// <summary>The first result, or the ledger's own ending.</summary>
    public static void Settled(TaskId task, ClassKey @class, TaskTrace? trace, Settlement settlement)
    {
        if (trace is null || !Source.HasListeners()) return;
        Source.StartActivity($"settle {@class.Name}", ActivityKind.Internal, trace.Parent).About(task, @class, "settle", "settle")?
            .SetTag("rqml.outcome", settlement.Outcome.ToString()).SetTag("rqml.iterations", settlement.Iterations).Dispose();
    }

    /// <summary>The span ends in that.</summary>
    public static void Failed(this Activity span, Exception error) =>
        span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);

    private static Activity? About(this Activity? span, TaskId task, ClassKey @class, string operation, string? type) => span?
        .SetTag("messaging.system", "rqml")
        .SetTag("messaging.operation.name", operation)
        .SetTag("messaging.operation.type", type)
        .SetTag("messaging.destination.name", @class.Name)
        .SetTag("messaging.message.id", task.ToString());
}
