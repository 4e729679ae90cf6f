using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Rqml.Protocol;

namespace Rqml.Supervision.Events;

/// <summary>Events as protobuf records. Reading refuses what is malformed.</summary>
internal static class EventCodec
{
    private const int MostNames = 1_024;
    private const int MostNameLength = 1_024;

    public static byte[] Write(RqmlEvent @event)
    {
        var record = new EventRecord { AtMs = @event.At.ToUnixTimeMilliseconds(), Iteration = @event.Iteration, Suppressed = @event.Suppressed };
        if (@event.Node is { } node) record.Node = node.Value;
        if (@event.Class is { } @class) record.Class = @class;
        if (@event.Task is { } task) record.Task = Records.Write(task);
        if (@event.Attempt is { } attempt) record.Epoch = Records.Write(attempt.Epoch);
        switch (@event)
        {
            case ModelDivergence seen:
                record.Divergence = new DivergenceBody { Form = (int)seen.Form, Disagreement = seen.Disagreement };
                record.Divergence.Parties.AddRange(seen.Parties);
                break;
            case NovelFinding seen:
                record.NovelFinding = new NovelFindingBody { Novelty = seen.Novelty, Threshold = seen.Threshold };
                if (!double.IsNaN(seen.Score)) record.NovelFinding.Score = seen.Score;
                break;
            case ConsistencyAnomaly seen:
                record.Consistency = new ConsistencyBody { Consistency = seen.Consistency, Threshold = seen.Threshold, Passes = seen.Passes };
                record.Consistency.Models.AddRange(seen.Models);
                break;
            case PerformanceSpike seen:
                record.Spike = new SpikeBody { Model = seen.Model, DurationMs = seen.DurationMs, MedianMs = seen.MedianMs, RobustZ = seen.RobustZ };
                break;
            case SecurityFlag seen:
                record.Security = new SecurityBody { Concern = (int)seen.Concern, Subject = seen.Subject };
                break;
        }

        return record.ToByteArray();
    }

    /// <exception cref="RecordDamagedException">The content is no event.</exception>
    public static RqmlEvent Read(ReadOnlySequence<byte> content)
    {
        var record = EventRecord.Parser.Read(content);
        var atMs = Check.InRange(record.AtMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds(), "The time of an event");
        TaskId? task = record.HasTask ? Records.ReadTask(record.Task) : null;
        return Seen(record, DateTimeOffset.FromUnixTimeMilliseconds(atMs)) with
        {
            Node = record.HasNode ? Records.ReadNode(record.Node) : null,
            Class = record.HasClass ? Check.Length(record.Class, 1, TaskClass.MaxNameLength, "The name of a task class") : null,
            Task = task,
            Attempt = task is { } id && record.Epoch is { } epoch ? new Attempt(id, Records.Read(epoch)) : null,
            Iteration = Check.NotNegative(record.Iteration, "An iteration"),
            Suppressed = Check.NotNegative(record.Suppressed, "A count of events"),
        };
    }

    private static RqmlEvent Seen(EventRecord record, DateTimeOffset at) => record.KindCase switch
    {
        EventRecord.KindOneofCase.Divergence => new ModelDivergence
        {
            At = at,
            Form = SupervisionRecords.Defined((DivergenceForm)record.Divergence.Form, "a form of divergence"),
            Disagreement = Check.Share(record.Divergence.Disagreement, "A disagreement"),
            Parties = Names(record.Divergence.Parties),
        },
        EventRecord.KindOneofCase.NovelFinding => new NovelFinding
        {
            At = at,
            Novelty = Check.Share(record.NovelFinding.Novelty, "A novelty"),
            Threshold = Check.Share(record.NovelFinding.Threshold, "A threshold"),
            Score = record.NovelFinding.HasScore ? Check.Share(record.NovelFinding.Score, "A score") : double.NaN,
        },
        EventRecord.KindOneofCase.Consistency => new ConsistencyAnomaly
        {
            At = at,
            Consistency = Check.Share(record.Consistency.Consistency, "A consistency"),
            Threshold = Check.Share(record.Consistency.Threshold, "A threshold"),
            Passes = Check.NotNegative(record.Consistency.Passes, "A count of passes"),
            Models = Names(record.Consistency.Models),
        },
        EventRecord.KindOneofCase.Spike => new PerformanceSpike
        {
            At = at,
            Model = Name(record.Spike.Model),
            DurationMs = Check.NotNegative(record.Spike.DurationMs, "A duration"),
            MedianMs = Check.NotNegative(record.Spike.MedianMs, "A median"),
            RobustZ = Check.NotNegative(record.Spike.RobustZ, "A z-score"),
        },
        EventRecord.KindOneofCase.Security => new SecurityFlag
        {
            At = at,
            Concern = SupervisionRecords.Defined((SecurityConcern)record.Security.Concern, "a concern"),
            Subject = Name(record.Security.Subject),
        },
        _ => throw new RecordDamagedException("An event is of no kind."),
    };

    private static string[] Names(RepeatedField<string> names) =>
        [.. (names.Count <= MostNames ? names : throw new RecordDamagedException($"An event names at most {MostNames}, not {names.Count}.")).Select(Name)];

    private static string Name(string name) => Check.Length(name, 0, MostNameLength, "A name in an event");
}
