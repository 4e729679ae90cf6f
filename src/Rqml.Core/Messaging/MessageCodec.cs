using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Cluster;
using Rqml.Nodes;
using Rqml.Protocol;

namespace Rqml.Messaging;

/// <summary>Messages as frames in a block: four bytes of length, then a protobuf record. Reading refuses what is malformed.</summary>
internal static class MessageCodec
{
    public const int MaxFrameBytes = 32 << 20;
    private const int LengthBytes = 4;

    public static void Write(in Message message, ArrayBufferWriter<byte> block)
    {
        var record = new MessageRecord
        {
            Kind = (int)message.Kind,
            From = Records.Write(message.From),
            Task = Records.Write(message.Task),
            Epoch = Records.Write(message.Epoch),
            Number = message.Number,
        };
        switch (message.Body)
        {
            case Announcement body:
                record.Announcement = new AnnouncementBody { Submission = Records.Write(body.Spec), Watched = body.Watched };
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
        }

        var length = record.CalculateSize();
        BinaryPrimitives.WriteInt32LittleEndian(block.GetSpan(LengthBytes), length);
        block.Advance(LengthBytes);
        record.WriteTo(block);
    }

    /// <summary>Reads the next frame of a block and takes it off; false where the block is used up.</summary>
    /// <exception cref="RecordDamagedException">The frame is malformed; nothing after it can be read.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> block, out Message message)
    {
        message = default;
        if (block.IsEmpty) return false;
        if (block.Length < LengthBytes) throw new RecordDamagedException("A block ends inside a frame's length.");
        Span<byte> prefix = stackalloc byte[LengthBytes];
        block.Slice(0, LengthBytes).CopyTo(prefix);
        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length < 0 || length > MaxFrameBytes) throw new RecordDamagedException($"A frame has at most {MaxFrameBytes} bytes, not {length}.");
        if (block.Length < LengthBytes + length) throw new RecordDamagedException("A block ends inside a frame.");
        try
        {
            message = Read(MessageRecord.Parser.ParseFrom(block.Slice(LengthBytes, length)));
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new RecordDamagedException("A frame is no message.", error);
        }

        block = block.Slice(LengthBytes + length);
        return true;
    }

    private static Message Read(MessageRecord record)
    {
        var kind = (MessageKind)record.Kind;
        object? body = record.BodyCase switch
        {
            MessageRecord.BodyOneofCase.Announcement => new Announcement(Records.Read(record.Announcement.Submission), record.Announcement.Watched),
            MessageRecord.BodyOneofCase.Assignment => Read(record.Assignment),
            MessageRecord.BodyOneofCase.TaskIds => record.TaskIds.Ids.Select(Records.ReadTask).ToArray(),
            MessageRecord.BodyOneofCase.Report => Read(record.Report),
            MessageRecord.BodyOneofCase.Result => Records.Read(record.Result),
            MessageRecord.BodyOneofCase.Iteration => Read(record.Iteration),
            _ => null,
        };
        if (!BodyFits(kind, body)) throw new RecordDamagedException($"A message of kind {record.Kind} has the body {record.BodyCase}.");
        if (record.From is null) throw new RecordDamagedException("A message has no sender.");
        return new Message(kind, Records.Read(record.From), Records.ReadTask(record.Task), Records.Read(record.Epoch), record.Number, body);
    }

    private static bool BodyFits(MessageKind kind, object? body) => kind switch
    {
        MessageKind.Announce => body is Announcement,
        MessageKind.Assign => body is Assignment,
        MessageKind.Announced => body is TaskId[],
        MessageKind.Report => body is NodeReport,
        MessageKind.Result => body is Ledgers.Settlement,
        MessageKind.Progress => body is IterationReport,
        _ => Enum.IsDefined(kind) && body is null,
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
        };
        if (body.RemainingMs != long.MaxValue) record.RemainingMs = body.RemainingMs;
        return record;
    }

    private static Assignment Read(AssignmentBody record) => new(
        Records.Read(record.Submission), Records.Read(record.Ledger), new Incarnation(record.To), record.HasRemainingMs ? record.RemainingMs : long.MaxValue, record.Watched)
    {
        Term = new Term(record.Generation, record.Term),
        Adopted = record.Adopted,
        Suspicion = Records.Read(record.Suspicion),
    };

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
        Term = new Term(record.Generation, record.Term),
        Classes = [.. record.Classes.Select(key => new ClassKey(key.Name, key.Version))],
        Limit = record.Limit,
        Draining = record.Draining,
        Load = new NodeLoad(record.Lanes, record.Running, record.Waiting, record.MemoryPressure, record.Devices.ToDictionary(), record.BytesPerSecond),
        Held = [.. record.Held.Select(held => new HeldAttempt(new Attempt(Records.ReadTask(held.Task), Records.Read(held.Epoch)), held.Iteration, held.AwaitsAdoption, Records.Read(held.Suspicion), held.HasPartitionKey ? held.PartitionKey : null))],
    };

    private static IterationBody Write(IterationReport body)
    {
        var record = new IterationBody
        {
            Iteration = body.Iteration,
            Artifact = UnsafeByteOperations.UnsafeWrap(body.Artifact),
            Model = body.Model,
            Tier = body.Tier,
            Node = body.Node.Value,
        };
        if (!double.IsNaN(body.Score)) record.Score = body.Score;
        if (!double.IsNaN(body.Similarity)) record.Similarity = body.Similarity;
        return record;
    }

    private static IterationReport Read(IterationBody record) => new(
        record.Iteration, record.Artifact.Memory, record.HasScore ? record.Score : double.NaN, record.HasSimilarity ? record.Similarity : double.NaN,
        record.Model, record.Tier, Records.ReadNode(record.Node));
}
