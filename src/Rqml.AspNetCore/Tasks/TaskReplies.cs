using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rqml.AspNetCore.Tasks;

/// <summary>What became of a submission.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="IsExisting">Whether it was there before, under the same idempotency key.</param>
internal sealed record SubmittedTask(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("is_existing")] bool IsExisting);

/// <summary>What the ledger knows of a task.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Class">Name of its class.</param>
/// <param name="ClassVersion">Version of its class.</param>
/// <param name="State">Where it is: submitted, scheduled or settled.</param>
/// <param name="Outcome">How it was settled; null while it is open.</param>
/// <param name="SubmittedAt">When it was submitted.</param>
/// <param name="SettledAt">When it was settled; null while it is open.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="PartitionKey">Its partition key, if any.</param>
/// <param name="IdempotencyKey">Its idempotency key, if any.</param>
/// <param name="Iterations">Iterations that the settled result rests on; 0 while it is open.</param>
/// <param name="Strikes">Workers that died of it so far.</param>
/// <param name="Result">The result; null while it is open, and in lists.</param>
internal sealed record KnownTask(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("class")] string Class,
    [property: JsonPropertyName("class_version")] int ClassVersion,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("outcome")] string? Outcome,
    [property: JsonPropertyName("submitted_at")] DateTimeOffset SubmittedAt,
    [property: JsonPropertyName("settled_at")] DateTimeOffset? SettledAt,
    [property: JsonPropertyName("priority")] int Priority,
    [property: JsonPropertyName("partition_key")] string? PartitionKey,
    [property: JsonPropertyName("idempotency_key")] string? IdempotencyKey,
    [property: JsonPropertyName("iterations")] int Iterations,
    [property: JsonPropertyName("strikes")] int Strikes,
    [property: JsonPropertyName("result")] TaskResult? Result)
{
    public static KnownTask Of(RefinementStatus status, TaskResult? result = null) => new(
        status.Id.ToString(), status.Class, status.ClassVersion, Names.Of(status.State), status.Outcome is { } outcome ? Names.Of(outcome) : null, status.SubmittedAt, status.SettledAt,
        status.Priority, status.PartitionKey, status.IdempotencyKey, status.Iterations, status.Strikes, result);
}

/// <summary>Tasks of a ledger, in the order of submission.</summary>
/// <param name="Tasks">A page of them.</param>
/// <param name="Next">What to give as <c>after</c> for the next page; null on the last one.</param>
internal sealed record KnownTasks(
    [property: JsonPropertyName("tasks")] IReadOnlyList<KnownTask> Tasks,
    [property: JsonPropertyName("next")] string? Next);

/// <summary>How a task ended.</summary>
/// <param name="Outcome">How it was settled.</param>
/// <param name="Artifact">The best artifact, of a class that writes JSON; null without one.</param>
/// <param name="ArtifactBase64">The best artifact's bytes, of another class; null without one.</param>
/// <param name="Score">Its score in [0, 1]; null where nothing scored it.</param>
/// <param name="Iterations">Iterations that it rests on.</param>
/// <param name="Model">The model that made it, or the last that worked.</param>
/// <param name="Tier">The highest tier that worked on it.</param>
/// <param name="Node">The node whose result was settled; null where the ledger settled the task.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Passes">Model calls.</param>
/// <param name="Cost">What they cost.</param>
/// <param name="SecondsOnWorkers">How long they took.</param>
/// <param name="SettledAt">When it was settled.</param>
internal sealed record TaskResult(
    [property: JsonPropertyName("outcome")] string Outcome,
    [property: JsonPropertyName("artifact")] JsonElement? Artifact,
    [property: JsonPropertyName("artifact_base64")] ReadOnlyMemory<byte>? ArtifactBase64,
    [property: JsonPropertyName("score")] double? Score,
    [property: JsonPropertyName("iterations")] int Iterations,
    [property: JsonPropertyName("model")] string? Model,
    [property: JsonPropertyName("tier")] int Tier,
    [property: JsonPropertyName("node")] string? Node,
    [property: JsonPropertyName("reason")] string? Reason,
    [property: JsonPropertyName("passes")] int Passes,
    [property: JsonPropertyName("cost")] double Cost,
    [property: JsonPropertyName("seconds_on_workers")] double SecondsOnWorkers,
    [property: JsonPropertyName("settled_at")] DateTimeOffset SettledAt)
{
    public static TaskResult Of(RefinementResult<ReadOnlyMemory<byte>> result, bool isJson)
    {
        var story = result.Story;
        var (json, bytes) = result.HasArtifact ? ArtifactReply.Of(result.ArtifactBytes, isJson) : default;
        return new TaskResult(
            Names.Of(result.Outcome), json, bytes, result.Score, result.Iterations, result.Model, result.Tier, result.Node?.Value, result.Reason,
            story.Passes, story.Cost, story.TimeOnWorkers.TotalSeconds, result.SettledAt);
    }
}

/// <summary>One iteration of a task.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Model">The model that made it.</param>
/// <param name="Tier">The highest tier that has worked on the task.</param>
/// <param name="Node">The node that made it.</param>
/// <param name="Score">The artifact's score; null where nothing scores it.</param>
/// <param name="Similarity">Its similarity to the artifact before; null for the first.</param>
/// <param name="Novelty">What it brought that was new; null where no rule asks for it.</param>
/// <param name="Consistency">Mean similarity of each two passes of it; null where there was one.</param>
/// <param name="Concern">What the convergence monitor found; null where the loop gets on.</param>
/// <param name="Decision">What was decided after it.</param>
/// <param name="Reason">Why it was decided.</param>
/// <param name="Artifact">The artifact, of a class that writes JSON; null where it was not asked for.</param>
/// <param name="ArtifactBase64">The artifact's bytes, of another class; null where they were not asked for.</param>
internal sealed record TaskIteration(
    [property: JsonPropertyName("number")] int Number,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("tier")] int Tier,
    [property: JsonPropertyName("node")] string Node,
    [property: JsonPropertyName("score")] double? Score,
    [property: JsonPropertyName("similarity")] double? Similarity,
    [property: JsonPropertyName("novelty")] double? Novelty,
    [property: JsonPropertyName("consistency")] double? Consistency,
    [property: JsonPropertyName("concern")] string? Concern,
    [property: JsonPropertyName("decision")] string Decision,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("artifact")] JsonElement? Artifact,
    [property: JsonPropertyName("artifact_base64")] ReadOnlyMemory<byte>? ArtifactBase64)
{
    public static TaskIteration Of(Iteration<ReadOnlyMemory<byte>> iteration, bool withArtifact, bool isJson)
    {
        var (json, bytes) = withArtifact ? ArtifactReply.Of(iteration.Artifact, isJson) : default;
        return new TaskIteration(
            iteration.Number, iteration.Model, iteration.Tier, iteration.Node.Value, iteration.Score, iteration.Similarity, iteration.Novelty, iteration.Consistency,
            iteration.Concern is { } concern ? Names.Of(concern.Kind) : null, Names.Of(iteration.Decision), iteration.Reason, json, bytes);
    }
}

/// <summary>What came of cancelling.</summary>
/// <param name="IsCancelled">False where the task was settled before.</param>
internal sealed record CancelledTask([property: JsonPropertyName("is_cancelled")] bool IsCancelled);

/// <summary>What has happened to a task, and why.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Outcome">How it was settled; null while it is open.</param>
/// <param name="Reason">Why it was settled so.</param>
/// <param name="Passes">Model calls.</param>
/// <param name="Cost">What they cost.</param>
/// <param name="Omitted">Steps in the middle that are not kept.</param>
/// <param name="Steps">The decisions, oldest first.</param>
internal sealed record ToldTask(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("outcome")] string? Outcome,
    [property: JsonPropertyName("reason")] string? Reason,
    [property: JsonPropertyName("passes")] int Passes,
    [property: JsonPropertyName("cost")] double Cost,
    [property: JsonPropertyName("omitted")] int Omitted,
    [property: JsonPropertyName("steps")] IReadOnlyList<ToldStep> Steps)
{
    public static ToldTask Of(TaskStory story) => new(
        story.Task.ToString(), story.Outcome is { } outcome ? Names.Of(outcome) : null, story.Reason, story.Passes, story.Cost, story.Omitted, [.. story.Steps.Select(ToldStep.Of)]);
}

/// <summary>One decision, or several like ones in a row.</summary>
/// <param name="From">First iteration that it is about.</param>
/// <param name="To">Last iteration that it is about.</param>
/// <param name="Model">The model that had worked.</param>
/// <param name="Node">The node that it worked on.</param>
/// <param name="Kind">What had happened.</param>
/// <param name="Score">Score of the artifact; null where nothing scored it.</param>
/// <param name="BestScore">The best score so far; null where nothing scored the class.</param>
/// <param name="Concern">What was wrong; null where the loop got on.</param>
/// <param name="Action">What was decided.</param>
/// <param name="Reason">Why.</param>
/// <param name="Text">The step in words, with what validators and voters said.</param>
internal sealed record ToldStep(
    [property: JsonPropertyName("from")] int From,
    [property: JsonPropertyName("to")] int To,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("node")] string Node,
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("score")] double? Score,
    [property: JsonPropertyName("best_score")] double? BestScore,
    [property: JsonPropertyName("concern")] string? Concern,
    [property: JsonPropertyName("action")] string Action,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("text")] string Text)
{
    public static ToldStep Of(Supervision.StoryStep step) => new(
        step.From, step.To, step.Model, step.Node.Value, Names.Of(step.Kind), step.Score, step.BestScore, step.Concern is { } concern ? Names.Of(concern.Kind) : null,
        Names.Of(step.Action), step.Reason, step.ToString());
}
