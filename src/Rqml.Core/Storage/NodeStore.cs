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
    // First in a ledger's key, so that a start reads the index alone.
    private const byte IndexMark = (byte)'i';
    private const byte SubmissionMark = (byte)'a';
    private const byte SettlementMark = (byte)'b';
    private const byte StrikesMark = (byte)'c';
    private const int TermBytes = 2 * sizeof(long);

    // 1: ledger keys began with the task. 2: they begin with their mark, and every task has an index entry.
    private const int Layout = 2;

    private static ReadOnlySpan<byte> LayoutKey => "layout"u8;

    private static ReadOnlySpan<byte> LedgerKey => "ledger"u8;

    private static ReadOnlySpan<byte> TermKey => "term"u8;

    private static ReadOnlySpan<byte> LeadershipKey => "leadership"u8;

    private static ReadOnlySpan<byte> WitnessedKey => "witnessed"u8;

    private static ReadOnlySpan<byte> SelfAttemptsKey => "selfattempts"u8;

    private static ReadOnlySpan<byte> EndedKey => "ended"u8;

    private static ReadOnlySpan<byte> MemberPrefix => "member/"u8;

    /// <summary>Whether nothing was ever kept here.</summary>
    /// <exception cref="StoreFormatException">What is here lies in another layout: read as ours, its tasks would seem not to exist.</exception>
    public static bool IsNew(IKeyValueStore store)
    {
        if (store.TryGet(StoreFamily.Meta, LayoutKey, out var value))
        {
            var found = value.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(value) : throw new StoreCorruptException(store.Name, $"the layout's number has {value.Length} bytes, not {sizeof(int)}");
            return found == Layout ? false : throw new StoreFormatException(store.Name, found, Layout, Layout);
        }

        return store.Scan(StoreFamily.Meta, default).Any() ? throw new StoreFormatException(store.Name, 1, Layout, Layout) : true;
    }

    public static void PutLayout(WriteBatch batch)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(value, Layout);
        batch.Put(StoreFamily.Meta, LayoutKey, value);
    }

    /// <summary>The index entry is empty as long as the task is open.</summary>
    public static void PutSubmission(WriteBatch batch, TaskSpec spec)
    {
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(spec.Id, SubmissionMark), Records.Write(spec).ToByteArray());
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(spec.Id, IndexMark), []);
    }

    public static void PutSettlement(WriteBatch batch, TaskId task, Settlement settlement) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(task, SettlementMark), Records.Write(settlement).ToByteArray());

    /// <summary>Closes the task in the index, with all that a start reads of it.</summary>
    public static void PutSettled(WriteBatch batch, SettledTask task) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(task.Id, IndexMark), Records.Write(task).ToByteArray());

    public static void PutStrikes(WriteBatch batch, TaskId task, Strike[] strikes) =>
        batch.Put(StoreFamily.Ledger, LedgerKeyOf(task, StrikesMark), Records.Write(strikes).ToByteArray());

    public static void PurgeTask(WriteBatch batch, TaskId task)
    {
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, IndexMark));
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, SubmissionMark));
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, SettlementMark));
        batch.Delete(StoreFamily.Ledger, LedgerKeyOf(task, StrikesMark));
    }

    /// <summary>Gives the machine every task of the ledger: the open ones whole, and of the settled ones the index alone, whatever their payloads and artifacts weigh.</summary>
    public static void ReadLedger(IKeyValueStore store, LedgerMachine machine)
    {
        foreach (var entry in store.Scan(StoreFamily.Ledger, new[] { IndexMark }))
        {
            if (entry.Key.Length != TaskId.Bytes + 1) throw new StoreCorruptException(store.Name, "a ledger key has the wrong length");
            var task = TaskId.Read(entry.Key.AsSpan(1));
            if (entry.Value.Length > 0)
            {
                machine.Restore(Read(store, "settled task", () => Records.Read(task, SettledRecord.Parser.Read(entry.Value))));
                continue;
            }

            var spec = ReadSubmission(store, task) ?? throw new StoreCorruptException(store.Name, $"the submission of the open task {task} is missing");
            machine.Restore(new LedgerTask(spec, null) { Strikes = ReadStrikes(store, task) });
        }
    }

    /// <summary>What was submitted; null where it was purged.</summary>
    public static TaskSpec? ReadSubmission(IKeyValueStore store, TaskId task) =>
        store.TryGet(StoreFamily.Ledger, LedgerKeyOf(task, SubmissionMark), out var value) ? Read(store, "submission", () => OfTask(task, Records.Read(SubmissionRecord.Parser.Read(value)))) : null;

    /// <summary>How a task was settled; null where it is open or was purged.</summary>
    public static Settlement? ReadSettlement(IKeyValueStore store, TaskId task) =>
        store.TryGet(StoreFamily.Ledger, LedgerKeyOf(task, SettlementMark), out var value) ? Read(store, "settlement", () => Records.Read(SettlementRecord.Parser.Read(value))) : null;

    private static List<Strike> ReadStrikes(IKeyValueStore store, TaskId task) =>
        store.TryGet(StoreFamily.Ledger, LedgerKeyOf(task, StrikesMark), out var value) ? Read(store, "strikes", () => Records.Read(StrikesRecord.Parser.Read(value))) : [];

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
                return new Outbound(new Attempt(TaskOf(entry.Key), Records.Read(record.Epoch)), Records.Read(record.Ledger), Records.Read(record.Result), record.HasPartitionKey ? record.PartitionKey : null)
                {
                    FinishedMs = Check.NotNegative(record.FinishedMs, "When a result was finished"),
                };
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

    /// <summary>The highest term of the coordination store that this process has heard of, whatever its roles: a store that has not come so far was restored from a backup.</summary>
    public static Term ReadWitnessed(IKeyValueStore store) => ReadTerm(store, WitnessedKey);

    public static void PutWitnessed(WriteBatch batch, Term term) => PutTerm(batch, WitnessedKey, term);

    /// <summary>How many attempts the node has given itself.</summary>
    /// <exception cref="StoreCorruptException">The count cannot be read: counted anew, epochs would repeat.</exception>
    public static long ReadSelfAttempts(IKeyValueStore store)
    {
        if (!store.TryGet(StoreFamily.Meta, SelfAttemptsKey, out var value)) return 0;
        if (value.Length != sizeof(long)) throw new StoreCorruptException(store.Name, $"the count of self-attempts has {value.Length} bytes, not {sizeof(long)}");
        return Read(store, "count of self-attempts", () => Check.InRange(BinaryPrimitives.ReadInt64LittleEndian(value), 0, Epoch.MaxSelfAttempts, "A count of self-attempts"));
    }

    public static void PutSelfAttempts(WriteBatch batch, long count)
    {
        Span<byte> value = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(value, count);
        batch.Put(StoreFamily.Meta, SelfAttemptsKey, value);
    }

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
        key[0] = mark;
        task.WriteTo(key.AsSpan(1));
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
