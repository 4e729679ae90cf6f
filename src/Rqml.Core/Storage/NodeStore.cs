using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Tasks;

namespace Rqml.Storage;

/// <summary>How a node's ledger, attempts, checkpoints and outbound results lie in its key-value store. Written once, above every adapter.</summary>
internal static class NodeStore
{
    private const byte SubmissionMark = (byte)'a';
    private const byte SettlementMark = (byte)'b';
    private const byte StrikesMark = (byte)'c';
    private const int TermBytes = 2 * sizeof(long);

    private static ReadOnlySpan<byte> LedgerKey => "ledger"u8;

    private static ReadOnlySpan<byte> TermKey => "term"u8;

    private static ReadOnlySpan<byte> LeadershipKey => "leadership"u8;

    private static ReadOnlySpan<byte> EndedKey => "ended"u8;

    private static ReadOnlySpan<byte> MemberPrefix => "member/"u8;

    public static void PutSubmission(WriteBatch batch, TaskSpec spec) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(spec.Id, SubmissionMark), Records.Write(spec).ToByteArray());

    public static void PutSettlement(WriteBatch batch, TaskId task, Settlement settlement) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(task, SettlementMark), Records.Write(settlement).ToByteArray());

    public static void PutStrikes(WriteBatch batch, TaskId task, Strike[] strikes) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(task, StrikesMark), Records.Write(strikes).ToByteArray());

    public static void PurgeTask(WriteBatch batch, TaskId task)
    {
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, SubmissionMark));
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, SettlementMark));
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, StrikesMark));
    }

    /// <summary>Every task of the ledger; a settlement or strikes without a submission are left-overs of a purge and ignored.</summary>
    public static IEnumerable<LedgerTask> ReadLedger(IKeyValueStore store)
    {
        LedgerTask? task = null;
        foreach (var entry in store.Scan(StoreFamily.Ledger, default))
        {
            if (entry.Key.Length != TaskId.Bytes + 1) throw new StoreCorruptException(store.Name, "a ledger key has the wrong length");
            switch (entry.Key[^1])
            {
                case SubmissionMark:
                    if (task is not null) yield return task;
                    task = new LedgerTask(Read(store, "submission", () => OfTask(TaskId.Read(entry.Key), Records.Read(SubmissionRecord.Parser.Read(entry.Value)))), null);
                    break;
                case SettlementMark when task is not null && task.Spec.Id == TaskId.Read(entry.Key):
                    task.Settlement = Read(store, "settlement", () => Records.Read(SettlementRecord.Parser.Read(entry.Value)));
                    break;
                case StrikesMark when task is not null && task.Spec.Id == TaskId.Read(entry.Key):
                    task.Strikes = Read(store, "strikes", () => Records.Read(StrikesRecord.Parser.Read(entry.Value)));
                    break;
            }
        }

        if (task is not null) yield return task;
    }

    public static void PutAttempt(WriteBatch batch, StoredAttempt attempt) =>
        batch.Put(StoreFamily.Task, attempt.Attempt.Task.ToByteArray(), Records.Write(attempt).ToByteArray());

    /// <summary>The result replaces the attempt: from here on nothing of the task is ever computed again.</summary>
    public static void PutOutbound(WriteBatch batch, Outbound outbound)
    {
        batch.Put(StoreFamily.Outbound, outbound.Attempt.Task.ToByteArray(), Records.Write(outbound).ToByteArray());
        batch.Delete(StoreFamily.Task, outbound.Attempt.Task.ToByteArray());
    }

    public static void DropTask(WriteBatch batch, TaskId task)
    {
        var key = task.ToByteArray();
        batch.Delete(StoreFamily.Task, key);
        batch.Delete(StoreFamily.Outbound, key);
        batch.DeletePrefix(StoreFamily.Checkpoint, key);
        batch.DeletePrefix(StoreFamily.Artifact, key);
    }

    /// <summary>Unfinished attempts, each with the newest checkpoint that is whole.</summary>
    public static IEnumerable<NodeAttempt> ReadAttempts(IKeyValueStore store, CheckpointStore checkpoints)
    {
        foreach (var entry in store.Scan(StoreFamily.Task, default))
        {
            var stored = Read(store, "attempt", () => Records.Read(TaskOf(entry.Key), AttemptRecord.Parser.Read(entry.Value)));
            Read(store, "attempt", () => OfTask(stored.Attempt.Task, stored.Spec));
            yield return NodeAttempt.From(stored, checkpoints.LoadNewest(stored.Attempt.Task));
        }
    }

    public static IEnumerable<Outbound> ReadOutbound(IKeyValueStore store)
    {
        foreach (var entry in store.Scan(StoreFamily.Outbound, default))
        {
            yield return Read(store, "outbound result", () =>
            {
                var record = OutboundRecord.Parser.Read(entry.Value);
                return new Outbound(new Attempt(TaskOf(entry.Key), Records.Read(record.Epoch)), Records.Read(record.Ledger), Records.Read(record.Result));
            });
        }
    }

    /// <exception cref="StoreCorruptException">There is one that cannot be read: another in its place would disown every task here.</exception>
    public static LedgerId? ReadLedgerId(IKeyValueStore store)
    {
        if (!store.TryGet(StoreFamily.Meta, LedgerKey, out var value)) return null;
        if (value.Length != sizeof(uint)) throw new StoreCorruptException(store.Name, $"the ledger's id has {value.Length} bytes, not {sizeof(uint)}");
        return new LedgerId(BinaryPrimitives.ReadUInt32LittleEndian(value));
    }

    public static void PutLedgerId(WriteBatch batch, LedgerId ledger)
    {
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(value, ledger.Value);
        batch.Put(StoreFamily.Meta, LedgerKey, value);
    }

    /// <summary>Whether the last start of the node ended in order, so that none of what it held is suspect.</summary>
    public static bool ReadEndedInOrder(IKeyValueStore store) => store.TryGet(StoreFamily.Meta, EndedKey, out _);

    public static void PutEndedInOrder(WriteBatch batch) => batch.Put(StoreFamily.Meta, EndedKey, []);

    public static void DeleteEndedInOrder(WriteBatch batch) => batch.Delete(StoreFamily.Meta, EndedKey);

    /// <summary>The highest term that the node has obeyed.</summary>
    public static Term ReadTerm(IKeyValueStore store) => ReadTerm(store, TermKey);

    public static void PutTerm(WriteBatch batch, Term term) => PutTerm(batch, TermKey, term);

    /// <summary>The last term in which this process led without a coordination store.</summary>
    public static Term ReadLeadership(IKeyValueStore store) => ReadTerm(store, LeadershipKey);

    public static void PutLeadership(WriteBatch batch, Term term) => PutTerm(batch, LeadershipKey, term);

    /// <summary>The nodes that this process schedules without a coordination store: a restarted scheduler first hears what they hold.</summary>
    public static IReadOnlyList<Peer> ReadMembers(IKeyValueStore store) =>
        [.. store.Scan(StoreFamily.Meta, MemberPrefix.ToArray()).Select(entry => Read(store, "member", () => Records.Read(PeerRecord.Parser.Read(entry.Value))))];

    public static void PutMember(WriteBatch batch, Peer node) => batch.Put(StoreFamily.Meta, MemberKeyOf(node), Records.Write(node).ToByteArray());

    public static void DeleteMember(WriteBatch batch, Peer node) => batch.Delete(StoreFamily.Meta, MemberKeyOf(node));

    private static byte[] MemberKeyOf(Peer node) => [.. MemberPrefix, .. System.Text.Encoding.ASCII.GetBytes(node.Node.Value)];

    private static Term ReadTerm(IKeyValueStore store, ReadOnlySpan<byte> key)
    {
        if (!store.TryGet(StoreFamily.Meta, key, out var value)) return Term.None;
        if (value.Length != TermBytes) throw new StoreCorruptException(store.Name, $"a term has {value.Length} bytes, not {TermBytes}");      // obeying an older one would be worse
        return Read(store, "term", () => Records.ReadTerm(BinaryPrimitives.ReadInt64LittleEndian(value), BinaryPrimitives.ReadInt64LittleEndian(value.AsSpan(sizeof(long)))));
    }

    private static void PutTerm(WriteBatch batch, ReadOnlySpan<byte> key, Term term)
    {
        Span<byte> value = stackalloc byte[TermBytes];
        BinaryPrimitives.WriteInt64LittleEndian(value, term.Generation);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], term.Number);
        batch.Put(StoreFamily.Meta, key, value);
    }

    private static byte[] LedgerKeyOf(TaskId task, byte mark)
    {
        var key = new byte[TaskId.Bytes + 1];
        task.WriteTo(key);
        key[^1] = mark;
        return key;
    }

    private static TaskId TaskOf(byte[] key) => key.Length == TaskId.Bytes ? TaskId.Read(key) : throw new RecordDamagedException($"A key of a task has {TaskId.Bytes} bytes, not {key.Length}.");

    private static TaskSpec OfTask(TaskId task, TaskSpec spec) => spec.Id == task ? spec : throw new RecordDamagedException($"The submission of {spec.Id} lies at the key of {task}.");

    private static T Read<T>(IKeyValueStore store, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RecordDamagedException error)
        {
            throw new StoreCorruptException(store.Name, $"a {what} cannot be read", error);
        }
    }
}
