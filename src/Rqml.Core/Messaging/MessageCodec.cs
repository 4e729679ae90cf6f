using System.Buffers;
using Google.Protobuf;
using Rqml.Administration;
using Rqml.Checkpoints;
using Rqml.Messaging.Links;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Messaging;

/// <summary>Messages as protobuf records. Who sends one is not in it: the link knows. Reading refuses what is malformed.</summary>
internal static class MessageCodec
{
    /// <summary>The message, ready to be written; its bytes and those that it refers to must not change until then.</summary>
    /// <param name="message">The message.</param>
    /// <param name="self">The start that the link speaks for; a node that was fenced calls itself another.</param>
    public static MessageContent Write(in Message message, Incarnation self) => new(ToRecord(message, self));

    /// <exception cref="RecordDamagedException">The content is no message.</exception>
    public static Message Read(ReadOnlySequence<byte> content, Peer from) => Read(MessageRecord.Parser.Read(content), from);

    private static MessageRecord ToRecord(in Message message, Incarnation self)
    {
        var record = new MessageRecord
        {
            Kind = (int)message.Kind,
            Task = Records.Write(message.Task),
            Epoch = Records.Write(message.Epoch),
            Number = message.Number,
        };
        if (message.From.Incarnation != self) record.From = message.From.Incarnation.Value;
        switch (message.Body)
        {
            case TaskSpec body:
                record.Announcement = Records.Write(body);
                break;
            case Assignment body:
                record.Assignment = Write(body);
                break;
            case TaskId[] body:
                record.TaskIds = new TaskIdsBody();
                record.TaskIds.Ids.AddRange(body.Select(Records.Write));
                break;
            case NodeReport body:
                record.Report = Write(body);
                break;
            case Ledgers.Settlement body:
                record.Result = Records.Write(body);
                break;
            case IterationReport body:
                record.Iteration = Write(body);
                break;
            case Story body:
                record.Story = SupervisionRecords.Write(body);
                break;
            case VoteCall body:
                record.VoteCall = VoteCodec.Write(body);
                break;
            case BallotCall body:
                record.BallotCall = VoteCodec.Write(body);
                break;
            case BallotCast body:
                record.Ballot = VoteCodec.Write(body);
                break;
            case VoteResult body:
                record.VoteResult = VoteCodec.Write(body);
                break;
            case AdministrationRequest body:
                record.Administration = AdministrationCodec.Write(body);
                break;
            case AdministrationAnswer body:
                record.Administered = AdministrationCodec.Write(body);
                break;
            case FailOrder body:
                record.FailOrder = AdministrationCodec.Write(body);
                break;
        }

        return record;
    }

    private static Message Read(MessageRecord record, Peer from)
    {
        var kind = KindOf(record.Kind);
        object? body = record.BodyCase switch
        {
            MessageRecord.BodyOneofCase.Announcement => Records.Read(record.Announcement),
            MessageRecord.BodyOneofCase.Assignment => Read(record.Assignment),
            MessageRecord.BodyOneofCase.TaskIds => record.TaskIds.Ids.Select(Records.ReadTask).ToArray(),
            MessageRecord.BodyOneofCase.Report => Read(record.Report),
            MessageRecord.BodyOneofCase.Result => Records.Read(record.Result),
            MessageRecord.BodyOneofCase.Iteration => Read(record.Iteration),
            MessageRecord.BodyOneofCase.Story => SupervisionRecords.Read(record.Story),
            MessageRecord.BodyOneofCase.VoteCall => VoteCodec.Read(record.VoteCall),
            MessageRecord.BodyOneofCase.BallotCall => VoteCodec.Read(record.BallotCall),
            MessageRecord.BodyOneofCase.Ballot => VoteCodec.Read(record.Ballot),
            MessageRecord.BodyOneofCase.VoteResult => VoteCodec.Read(record.VoteResult),
            MessageRecord.BodyOneofCase.Administration => AdministrationCodec.Read(record.Administration),
            MessageRecord.BodyOneofCase.Administered => AdministrationCodec.Read(record.Administered),
            MessageRecord.BodyOneofCase.FailOrder => AdministrationCodec.Read(record.FailOrder),
            _ => null,
        };
        if (!BodyFits(kind, body)) throw new RecordDamagedException($"A message of kind {record.Kind} has the body {record.BodyCase}.");
        if (!NumberFits(kind, record.Number)) throw new RecordDamagedException($"A message of kind {kind} has the number {record.Number}, which it never says.");
        if (record.From != 0) from = new Peer(from.Node, new Incarnation(record.From), from.Endpoint);
        return new Message(kind, from, Records.ReadTask(record.Task), Records.Read(record.Epoch), record.Number, body);
    }

    private static MessageKind KindOf(int kind) =>
        kind is > 0 and <= byte.MaxValue && Enum.IsDefined((MessageKind)kind) ? (MessageKind)kind : throw new RecordDamagedException($"There is no message of kind {kind}.");

    private static bool NumberFits(MessageKind kind, long number) => kind switch
    {
        MessageKind.Refused => number is >= (long)RefusalReason.Full and <= (long)RefusalReason.NotHeld,
        MessageKind.CallVote or MessageKind.AskBallot or MessageKind.BallotCast or MessageKind.VoteClosed => number is >= 1 and <= int.MaxValue,
        MessageKind.Answered => number is (long)Verdict.Settled or (long)Verdict.AlreadySettled,
        _ => true,      // an incarnation or a run, which may be any number, or nothing
    };

    private static bool BodyFits(MessageKind kind, object? body) => kind switch
    {
        MessageKind.Announce => body is TaskSpec,
        MessageKind.Assign => body is Assignment,
        MessageKind.Announced => body is TaskId[],
        MessageKind.Report => body is NodeReport,
        MessageKind.Result => body is Ledgers.Settlement,
        MessageKind.Progress => body is IterationReport,
        MessageKind.Told => body is Story,
        MessageKind.CallVote => body is VoteCall,
        MessageKind.AskBallot => body is BallotCall,
        MessageKind.BallotCast => body is BallotCast,
        MessageKind.VoteClosed => body is VoteResult,
        MessageKind.Administer => body is AdministrationRequest,
        MessageKind.Administered => body is AdministrationAnswer,
        MessageKind.FailTask => body is FailOrder,
        _ => body is null,
    };

    private static AssignmentBody Write(Assignment body)
    {
        var record = new AssignmentBody
        {
            Submission = Records.Write(body.Spec),
            Ledger = Records.Write(body.Ledger),
            To = body.To.Value,
            Watched = body.Watched,
            Generation = body.Term.Generation,
            Term = body.Term.Number,
            Adopted = body.Adopted,
            Suspicion = Records.Write(body.Suspicion),
            Difficulty = body.Difficulty,
        };
        if (body.RemainingMs != long.MaxValue) record.RemainingMs = body.RemainingMs;
        if (body.Checkpoint is { } checkpoint) record.Checkpoint = UnsafeByteOperations.UnsafeWrap(checkpoint);
        return record;
    }

    private static Assignment Read(AssignmentBody record) => new(
        Records.Read(record.Submission), Records.Read(record.Ledger), new Incarnation(record.To),
        record.HasRemainingMs ? Check.NotNegative(record.RemainingMs, "An assignment's remaining time") : long.MaxValue, record.Watched)
    {
        Term = Records.ReadTerm(record.Generation, record.Term),
        Adopted = record.Adopted,
        Suspicion = Records.Read(record.Suspicion),
        Difficulty = record.HasDifficulty ? Check.Share(record.Difficulty, "A difficulty") : Scheduling.ExpectedDifficulty.Unknown,
        Checkpoint = record.HasCheckpoint ? ReadCheckpoint(record.Checkpoint) : null,
    };

    private static byte[] ReadCheckpoint(ByteString checkpoint) => checkpoint.Length <= InlineCheckpoint.MaxBytes
        ? checkpoint.ToByteArray()
        : throw new RecordDamagedException($"An assignment's checkpoint has at most {InlineCheckpoint.MaxBytes} bytes, not {checkpoint.Length}.");

    private static ReportBody Write(NodeReport body)
    {
        var load = body.Load;
        var record = new ReportBody
        {
            Generation = body.Term.Generation,
            Term = body.Term.Number,
            Limit = body.Limit,
            Draining = body.Draining,
            Lanes = load.Lanes,
            Running = load.Running,
            Waiting = load.Waiting,
            MemoryPressure = load.MemoryPressure,
            BytesPerSecond = load.BytesPerSecond,
            Leaving = body.Leaving,
            Roles = (int)body.Roles,
            Turns = body.Turns,
        };
        foreach (var (kind, free) in load.Devices) record.Devices.Add(kind, free);
        record.Classes.AddRange(body.Classes.Select(key => new ReportBody.Types.Class { Name = key.Name, Version = key.Version }));
        record.Held.AddRange(body.Held.Select(Write));
        return record;
    }

    private static ReportBody.Types.Held Write(HeldAttempt held)
    {
        var record = new ReportBody.Types.Held
        {
            Task = Records.Write(held.Attempt.Task),
            Epoch = Records.Write(held.Attempt.Epoch),
            Iteration = held.Iteration,
            AwaitsAdoption = held.AwaitsAdoption,
            Suspicion = Records.Write(held.Suspicion),
        };
        if (held.PartitionKey is { } key) record.PartitionKey = key;
        return record;
    }

    private static NodeReport Read(ReportBody record) => new()
    {
        Term = Records.ReadTerm(record.Generation, record.Term),
        Classes = [.. record.Classes.Select(key => Records.ReadClass(key.Name, key.Version))],
        Limit = Check.NotNegative(record.Limit, "A node's limit"),
        Draining = record.Draining,
        Leaving = record.Leaving,
        Turns = Check.NotNegative(record.Turns, "The turns of a node"),
        Roles = AdministrationCodec.ReadRoles(record.Roles),
        Load = ReadLoad(record),
        Held = [.. record.Held.Select(held => new HeldAttempt(
            new Attempt(Records.ReadTask(held.Task), Records.Read(held.Epoch)), Check.NotNegative(held.Iteration, "An attempt's iteration"), held.AwaitsAdoption,
            Records.Read(held.Suspicion), held.HasPartitionKey ? held.PartitionKey : null))],
    };

    /// <summary>The scheduler computes with these, and may not stumble over what a node says of itself.</summary>
    private static NodeLoad ReadLoad(ReportBody record)
    {
        foreach (var (kind, free) in record.Devices)
        {
            Check.Length(kind, 1, 64, "The name of a device kind");
            Check.NotNegative(free, "A count of free devices");
        }

        return new NodeLoad(
            Check.NotNegative(record.Lanes, "A count of lanes"), Check.NotNegative(record.Running, "A count of running attempts"), Check.NotNegative(record.Waiting, "A count of waiting attempts"),
            Check.Share(record.MemoryPressure, "A memory pressure"), record.Devices.ToDictionary(), Check.NotNegative(record.BytesPerSecond, "A bandwidth"));
    }

    private static IterationBody Write(IterationReport body)
    {
        var record = new IterationBody
        {
            Iteration = body.Iteration,
            Artifact = UnsafeByteOperations.UnsafeWrap(body.Artifact),
            Model = body.Model,
            Tier = body.Tier,
            Node = body.Node.Value,
            Concern = SupervisionRecords.Write(body.Concern),
            Action = (int)body.Action,
            Reason = body.Reason,
        };
        if (!double.IsNaN(body.Novelty)) record.Novelty = body.Novelty;
        if (!double.IsNaN(body.Consistency)) record.Consistency = body.Consistency;
        if (!double.IsNaN(body.Score)) record.Score = body.Score;
        if (!double.IsNaN(body.Similarity)) record.Similarity = body.Similarity;
        return record;
    }

    private static IterationReport Read(IterationBody record) => new(
        Check.NotNegative(record.Iteration, "An iteration"), record.Artifact.Memory, record.HasScore ? Check.Share(record.Score, "A score") : double.NaN,
        record.HasSimilarity ? Check.Share(record.Similarity, "A similarity") : double.NaN, record.Model, Check.NotNegative(record.Tier, "A tier"), Records.ReadNode(record.Node))
    {
        Novelty = record.HasNovelty ? Check.Share(record.Novelty, "A novelty") : double.NaN,
        Consistency = record.HasConsistency ? Check.Share(record.Consistency, "A consistency") : double.NaN,
        Concern = SupervisionRecords.Read(record.Concern),
        Action = SupervisionRecords.Defined((SupervisionAction)record.Action, "an action"),
        Reason = record.Reason,
    };
}

/// <summary>A message that is ready to be sent over a link.</summary>
internal readonly struct MessageContent(MessageRecord record) : IMessageContent
{
    /// <summary>Negative where the message is longer than 2 GiB.</summary>
    public int Bytes { get; } = record.CalculateSize();

    public void WriteTo(Span<byte> to) => record.WriteTo(to);
}
