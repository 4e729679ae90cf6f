using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quickstart;

/// <summary>The figures of a run.</summary>
/// <param name="Tasks">Tasks submitted.</param>
/// <param name="Completed">Tasks settled, with whatever outcome.</param>
/// <param name="Lost">Tasks that nothing was heard of for a minute.</param>
/// <param name="Duplicated">Tasks that ended in two ways, or two tasks of one key.</param>
/// <param name="Accuracy">Share of the unseen digits that the vote reads rightly.</param>
/// <param name="AccuracySmall">The same of one small model alone.</param>
/// <param name="AccuracyLarge">The same of one large model alone.</param>
/// <param name="Escalated">Tasks that a larger model had to finish.</param>
/// <param name="Recovered">Tasks that were moved off the dead node, or found open at the start.</param>
/// <param name="Resumed">Of these, tasks that went on from a checkpoint.</param>
/// <param name="Errors">Digits that the vote reads wrongly.</param>
/// <param name="DisputedErrors">Of these, digits on which members disagree.</param>
/// <param name="Disputed">Digits on which members disagree.</param>
/// <param name="Seconds">From the start of the host to here.</param>
public sealed record Report(
    int Tasks, int Completed, int Lost, int Duplicated, double Accuracy, double AccuracySmall, double AccuracyLarge,
    int Escalated, int Recovered, int Resumed, int Errors, int DisputedErrors, int Disputed, double Seconds)
{
    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, ReportJson.Default.Report) + "\n");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJson : JsonSerializerContext;
