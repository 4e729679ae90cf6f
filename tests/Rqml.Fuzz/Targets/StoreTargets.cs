using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Storage;
using TaskCheckpoint = Rqml.Protocol.TaskCheckpoint;

namespace Rqml.Fuzz.Targets;

/// <summary>What a node reads of its key-value store, whichever adapter holds it.</summary>
internal static class StoreTargets
{
    private static readonly TaskId Task = new Samples(1).TaskId();
    private static readonly Attempt Attempt = new(Task, new Epoch(1, 2, 3));
    private static readonly Dictionary<ByteString, byte[]> Artifacts = [];

    public static IEnumerable<FuzzTarget> All() =>
    [
        new("checkpoint-state", CoreTargets.Seeds(samples => Write(samples).Record.ToByteArray()), ReadState) { Refusals = [] },
        new("checkpoint-entry", CoreTargets.Seeds(samples => Write(samples).Entry.ToByteArray()), ReadEntry) { Repair = RepairEntry },
        new("checkpoint-chain", CoreTargets.Seeds(WriteChain), ReadChain) { Repair = RepairChain, Refusals = [], Cost = 4, BytesPerByte = 2_000 },
        new("checkpoint-copy", CoreTargets.Seeds(WriteCopy), ReadCopy) { Repair = RepairCopy, Refusals = [], Cost = 2 },
        new("node-store", NodeStores(), ReadNodeStore) { Refusals = [typeof(StoreCorruptException), typeof(StoreFormatException)], Cost = 2, BytesPerByte = 1_000 },
    ];

    private static (TaskCheckpoint Record, CheckpointEntry Entry) Write(Samples samples)
    {
        var snapshot = samples.Snapshot();
        foreach (var artifact in snapshot.Recent.Select(recent => recent.Bytes).Append(snapshot.Artifact).Append(snapshot.Best))
        {
            Artifacts[ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(artifact.Span))] = artifact.ToArray();
        }

        return CheckpointCodec.Write(Attempt, snapshot, "model", 1, []);
    }

    private static byte[]? ReadState(byte[] bytes)
    {
        if (CheckpointCodec.Read(bytes, Task) is not { } record) return null;
        return CheckpointCodec.Restore(record, hash => Artifacts.GetValueOrDefault(hash)) is { } snapshot ? Written(snapshot) : null;
    }

    private static byte[] Written(RefinementSnapshot snapshot) => CheckpointCodec.Write(Attempt, snapshot, "model", 1, []).Record.ToByteArray();

    private static byte[]? ReadEntry(byte[] bytes)
    {
        if (CheckpointCodec.ReadEntry(bytes, Task) is not { } entry) return null;
        CheckpointCodec.Describe(entry, null);
        return entry.ToByteArray();
    }

    /// <summary>The hash is that of the bytes as they are: what a faulty writer of ours could have left.</summary>
    private static byte[] RepairEntry(byte[] bytes) => Parsed(CheckpointEntry.Parser, bytes) is { } entry ? Hashed(entry).ToByteArray() : bytes;

    private static CheckpointEntry Hashed(CheckpointEntry entry)
    {
        entry.Hash = ByteString.Empty;
        entry.Hash = ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(entry.ToByteArray()));
        return entry;
    }

    private static T? Parsed<T>(MessageParser<T> parser, byte[] bytes)
        where T : class, IMessage<T>, new()
    {
        try
        {
            return parser.Read(bytes);
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>The state and the entry of one checkpoint, as a block of two parts behind the length of the first.</summary>
    private static byte[] WriteChain(Samples samples)
    {
        var (record, entry) = Write(samples);
        return Joined(record.ToByteArray(), entry.ToByteArray());
    }

    private static byte[] Joined(byte[] state, byte[] entry) => [(byte)state.Length, (byte)(state.Length >> 8), .. state, .. entry];

    private static (byte[] State, byte[] Entry) Parted(byte[] bytes)
    {
        if (bytes.Length < 2) return (bytes, []);
        var length = Math.Min(bytes[0] | (bytes[1] << 8), bytes.Length - 2);
        return (bytes[2..(2 + length)], bytes[(2 + length)..]);
    }

    private static byte[] RepairChain(byte[] bytes)
    {
        var (state, entry) = Parted(bytes);
        if (Parsed(TaskCheckpoint.Parser, state) is not { } record || Parsed(CheckpointEntry.Parser, entry) is not { } parsed) return bytes;
        record.Hash = ByteString.Empty;
        parsed.ContentHash = ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(record.ToByteArray()));
        record.Hash = Hashed(parsed).Hash;
        return Joined(record.ToByteArray(), parsed.ToByteArray());
    }

    private static byte[] WriteCopy(Samples samples)
    {
        while (true)
        {
            if (InlineCheckpoint.Write(Attempt, samples.Snapshot(), "model") is { } value) return value;
        }
    }

    private static byte[] RepairCopy(byte[] bytes)
    {
        if (Parsed(InlineCheckpointRecord.Parser, bytes) is not { } copy) return bytes;
        var (state, entry) = Parted(RepairChain(Joined(copy.State.ToByteArray(), copy.Entry.ToByteArray())));
        (copy.State, copy.Entry) = (ByteString.CopyFrom(state), ByteString.CopyFrom(entry));
        return copy.ToByteArray();
    }

    private static byte[]? ReadCopy(byte[] bytes)
    {
        if (InlineCheckpoint.Read(bytes, Task) is not { } snapshot) return null;
        if (snapshot is { Iteration: < 0 } or { Model: < 0 }) throw new InvalidOperationException("A task would go on from where nothing can.");
        return InlineCheckpoint.Write(Attempt, snapshot, "model");
    }

    private static byte[]? ReadChain(byte[] bytes)
    {
        var (state, entry) = Parted(bytes);
        var store = new FewEntries("chain");
        store.Put(StoreFamily.Checkpoint, CheckpointStore.KeyOf(Attempt, 1), state);
        store.Put(StoreFamily.Checkpoint, CheckpointStore.EntryKeyOf(Task, 1), entry);
        foreach (var (hash, artifact) in Artifacts) store.Put(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(Task, hash.Span), artifact);
        var checkpoints = new CheckpointStore(store, RqmlInstruments.OfProcess.Checkpoints);
        checkpoints.Read(Task);
        var newest = checkpoints.LoadNewest(Task);
        if (newest.Snapshot == RefinementSnapshot.Empty) return null;
        if (newest.Snapshot is { Iteration: < 0 } or { Model: < 0 }) throw new InvalidOperationException("A task would go on from where nothing can.");
        var (record, written) = CheckpointCodec.Write(Attempt, newest.Snapshot, "model", 1, []);
        return Joined(record.ToByteArray(), written.ToByteArray());
    }

    /// <summary>One entry of a node's store each: family, length of the key, key, value.</summary>
    private static byte[][] NodeStores() => [.. Enumerable.Range(1, 20).SelectMany(seed => Written(new Samples((ulong)seed)))];

    private static List<byte[]> Written(Samples samples)
    {
        var batch = new WriteBatch();
        var attempt = samples.Attempt();
        NodeStore.PutLayout(batch);
        NodeStore.PutSubmission(batch, samples.Spec());
        NodeStore.PutAttempt(batch, attempt);
        NodeStore.PutOutbound(batch, new Outbound(attempt.Attempt, samples.Peer(), samples.Settlement(), samples.Coin() ? "key" : null));
        NodeStore.PutSettlement(batch, attempt.Attempt.Task, samples.Settlement());
        NodeStore.PutSettled(batch, SettledTask.Of(new LedgerTask(samples.Spec(), null), samples.Settlement(), 1_000, keepsContent: false));
        NodeStore.PutStrikes(batch, attempt.Attempt.Task, [new Strike(samples.Epoch(), 1)]);
        NodeStore.PutMember(batch, samples.Peer());
        NodeStore.PutLedgerId(batch, new LedgerId(5));
        NodeStore.PutTerm(batch, new Term(1, 2));
        NodeStore.PutLeadership(batch, new Term(1, 2));
        NodeStore.PutSelfAttempts(batch, 3);
        var written = new List<byte[]>();
        foreach (var write in batch)
        {
            if (write.Kind == WriteKind.Put) written.Add([(byte)write.Family, (byte)write.Key.Length, .. write.Key, .. write.Value]);
        }

        return written;
    }

    private static byte[]? ReadNodeStore(byte[] bytes)
    {
        if (bytes.Length < 2 || bytes[0] > (byte)StoreFamily.Outbound || bytes.Length < 2 + bytes[1]) return null;
        var store = new FewEntries("fuzzed");
        store.Put((StoreFamily)bytes[0], bytes[2..(2 + bytes[1])], bytes[(2 + bytes[1])..]);
        NodeStore.IsNew(store);
        NodeStore.ReadLedger(store, new LedgerMachine(new Samples(1).Peer(), new LedgerId(5), keepsContent: false, announcedBytes: 1 << 20));
        if (bytes[1] > TaskId.Bytes)
        {
            NodeStore.ReadSubmission(store, TaskId.Read(bytes.AsSpan(3)));
            NodeStore.ReadSettlement(store, TaskId.Read(bytes.AsSpan(3)));
        }

        foreach (var attempt in NodeStore.ReadAttempts(store, new CheckpointStore(store, RqmlInstruments.OfProcess.Checkpoints))) _ = attempt.Spec;
        foreach (var outbound in NodeStore.ReadOutbound(store)) _ = outbound.Result;
        _ = NodeStore.ReadSelfAttempts(store);
        NodeStore.ReadMembers(store);
        NodeStore.ReadLedgerId(store);
        NodeStore.ReadTerm(store);
        NodeStore.ReadLeadership(store);
        NodeStore.ReadWitnessed(store);
        return null;
    }
}
