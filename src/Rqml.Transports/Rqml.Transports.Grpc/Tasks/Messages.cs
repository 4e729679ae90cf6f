using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Rqml.Nodes;
using Rqml.Queues;
using Rqml.V1;

namespace Rqml.Transports.Grpc.Tasks;

/// <summary>Between the service's messages and the types of the host. Enums of the wire are one higher: there 0 says nothing.</summary>
internal static class Messages
{
    public static SubmitOptions ToOptions(this V1.SubmitOptions options) => new()
    {
        Priority = options.Priority,
        Difficulty = options.HasDifficulty ? options.Difficulty : null,
        Deadline = SpanOf(options.Deadline, nameof(options.Deadline)),
        Budget = (options.Budget ?? new Budget()).ToBudget(),
        PartitionKey = options.HasPartitionKey ? options.PartitionKey : null,
        IdempotencyKey = options.HasIdempotencyKey ? options.IdempotencyKey : null,
        NotBefore = SpanOf(options.NotBefore, nameof(options.NotBefore)) ?? TimeSpan.Zero,
        KeepResult = SpanOf(options.KeepResult, nameof(options.KeepResult)),
    };

    public static V1.Iteration ToMessage(this Iteration<ReadOnlyMemory<byte>> iteration, bool withArtifact)
    {
        var message = new V1.Iteration { Number = iteration.Number, Model = iteration.Model, Tier = iteration.Tier, Node = iteration.Node.Value, Decision = iteration.Decision.ToString(), Reason = iteration.Reason };
        if (withArtifact) message.Artifact = UnsafeByteOperations.UnsafeWrap(iteration.Artifact);
        if (iteration.Score is { } score) message.Score = score;
        if (iteration.Similarity is { } similarity) message.Similarity = similarity;
        if (iteration.Novelty is { } novelty) message.Novelty = novelty;
        if (iteration.Consistency is { } consistency) message.Consistency = consistency;
        if (iteration.Concern is { } concern) message.Concern = concern.Kind.ToString();
        return message;
    }

    public static Result ToMessage(this RefinementResult<ReadOnlyMemory<byte>> result)
    {
        var story = result.Story;
        var message = new Result
        {
            TaskId = result.Task.ToString(),
            Outcome = OutcomeOf(result.Outcome),
            Iterations = result.Iterations,
            Tier = result.Tier,
            Passes = story.Passes,
            Cost = story.Cost,
            TimeOnWorkers = story.TimeOnWorkers.ToDuration(),
            SettledAt = result.SettledAt.ToTimestamp(),
        };
        if (result.HasArtifact) message.Artifact = UnsafeByteOperations.UnsafeWrap(result.ArtifactBytes);
        if (result.Score is { } score) message.Score = score;
        if (result.Model is { } model) message.Model = model;
        if (result.Node is { } node) message.Node = node.Value;
        if (result.Reason is { } reason) message.Reason = reason;
        return message;
    }

    public static StatusReply ToMessage(this RefinementStatus status)
    {
        var message = new StatusReply
        {
            TaskId = status.Id.ToString(),
            TaskClass = status.Class,
            ClassVersion = status.ClassVersion,
            State = (State)(1 + (int)status.State),
            Outcome = OutcomeOf(status.Outcome),
            SubmittedAt = status.SubmittedAt.ToTimestamp(),
            SettledAt = status.SettledAt?.ToTimestamp(),
            Priority = status.Priority,
            Iterations = status.Iterations,
            Strikes = status.Strikes,
        };
        if (status.PartitionKey is { } partition) message.PartitionKey = partition;
        if (status.IdempotencyKey is { } key) message.IdempotencyKey = key;
        return message;
    }

    public static NodeReportReply ToMessage(this NodeQueues queues, INodeOrchestrator node) => new()
    {
        Node = node.Id.Value,
        Phase = (V1.NodePhase)(1 + (int)node.Phase),
        Inbound = queues.Inbound.ToMessage(),
        Refinement = queues.Refinement.ToMessage(),
        Running = queues.Running,
        Lanes = queues.Lanes,
        Outbound = queues.Outbound,
        Abandoned = queues.Abandoned,
        Hanging = queues.Hanging,
    };

    private static TaskBudget ToBudget(this Budget budget) => new()
    {
        Iterations = budget.HasIterations ? budget.Iterations : null,
        Time = SpanOf(budget.Time, nameof(budget.Time)),
        Passes = budget.HasPasses ? budget.Passes : null,
        Cost = budget.HasCost ? budget.Cost : null,
    };

    private static QueueReport ToMessage(this QueueStatistics queue) => new()
    {
        Waiting = queue.Waiting,
        Ready = queue.Ready,
        Parked = queue.Parked,
        Delayed = queue.Delayed,
        HeldByKey = queue.HeldByKey,
        Capacity = queue.Capacity,
        WaitingByClass = { queue.WaitingByClass.ToDictionary() },
        OldestWait = queue.OldestWait.ToDuration(),
    };

    private static V1.Outcome OutcomeOf(Outcome? outcome) => outcome is { } known ? (V1.Outcome)(1 + (int)known) : V1.Outcome.Unspecified;

    private static TimeSpan? SpanOf(Duration? duration, string option)
    {
        try
        {
            return duration?.ToTimeSpan();
        }
        catch (InvalidOperationException error)
        {
            throw new ArgumentException($"{option} is {duration}; it is no duration.", error);
        }
    }
}
