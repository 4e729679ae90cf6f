using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Storage;
using Rqml.Tasks;

namespace Rqml.Protocol;

/// <summary>Whatever bytes come from a wire or a disk: a value, or the one error that says they are damaged. Seeded, so that a red one comes back.</summary>
public sealed class DecoderFuzzTests
{
    private const int Inputs = 25_000;

    // A frame of n bytes costs at most so many times n: an empty element of two bytes becomes an object.
    private const int BytesPerByte = 200;

    private const int BytesAtLeast = 64 << 10;

    [Fact]
    public void Frames()
    {
        var corpus = Samples.Kinds.SelectMany(kind => Enumerable.Range(1, 5).Select(seed => Frame(new Samples((ulong)seed).Message(kind)))).ToArray();
        Fuzz(seed: 11, corpus, bytes =>
        {
            var block = new ReadOnlySequence<byte>(bytes);
            while (MessageCodec.TryRead(ref block, out _)) { }
        });
    }

    /// <summary>Frames whose lengths are right and whose content is not, so that mutations reach what lies behind the length.</summary>
    [Fact]
    public void Contents_of_frames()
    {
        var corpus = Samples.Kinds.SelectMany(kind => Enumerable.Range(1, 5).Select(seed => Frame(new Samples((ulong)seed).Message(kind))[4..])).ToArray();
        Fuzz(seed: 12, corpus, bytes =>
        {
            var framed = new byte[4 + bytes.Length];
            BinaryPrimitives.WriteInt32LittleEndian(framed, bytes.Length);
            bytes.CopyTo(framed, 4);
            var block = new ReadOnlySequence<byte>(framed);
            MessageCodec.TryRead(ref block, out _);
        });
    }

    [Fact]
    public void Checkpoints()
    {
        var task = new Samples(1).TaskId();
        var written = Enumerable.Range(1, 40).Select(seed => CheckpointCodec.Write(new Attempt(task, new Samples((ulong)seed).Epoch()), new Samples((ulong)seed).Snapshot(), "model", seed, new byte[32])).ToArray();
        var records = written.Select(pair => pair.Record.ToByteArray()).ToArray();
        var entries = written.Select(pair => pair.Entry.ToByteArray()).ToArray();
        Fuzz(seed: 13, records, bytes =>
        {
            if (CheckpointCodec.Read(bytes, task) is { } record) CheckpointCodec.Restore(record, _ => null);
        });
        Fuzz(seed: 14, entries, bytes =>
        {
            if (CheckpointCodec.ReadEntry(bytes, task) is { } entry) CheckpointCodec.Describe(entry, null);
        });
    }

    [Fact]
    public void Members_of_a_cluster()
    {
        var corpus = Enumerable.Range(1, 20).Select(seed => CoordinationKeys.Write(new Samples((ulong)seed).Peer(), 7).ToArray()).ToArray();
        Fuzz(seed: 15, corpus, bytes =>
        {
            var entry = new CoordinationEntry("/rqml/a/leader", bytes, 1, 1, default);
            CoordinationKeys.Read(entry);
        });
        Fuzz(seed: 16, [CoordinationKeys.Write(3).ToArray()], bytes => CoordinationKeys.ReadGeneration(new CoordinationEntry("/rqml/a/generation", bytes, 1, 1, default)));
    }

    [Fact]
    public void Stores_of_a_node()
    {
        var corpus = Enumerable.Range(1, 20).SelectMany(seed => Written(new Samples((ulong)seed))).ToArray();
        var samples = new Samples(21);
        var random = new SplitMix64(17);
        for (var i = 0; i < Inputs; i++)
        {
            var task = samples.TaskId();
            var (family, key, value) = corpus[random.NextInt(corpus.Length)];
            var store = new SingleEntryStore(family, random.NextInt(8) == 0 ? Mutate(key, ref random) : key, Mutate(value, ref random));
            Survives(i, 17, store.Value, () =>
            {
                NodeStore.ReadLedger(store, new LedgerMachine(samples.Peer(), new LedgerId(5), keepsContent: false));
                NodeStore.ReadSubmission(store, task);
                NodeStore.ReadSettlement(store, task);
                foreach (var attempt in NodeStore.ReadAttempts(store, new CheckpointStore(store, RqmlInstruments.OfProcess.Checkpoints))) _ = attempt.Spec;
                foreach (var outbound in NodeStore.ReadOutbound(store)) _ = outbound.Result;
                NodeStore.ReadMembers(store);
                NodeStore.ReadLedgerId(store);
                NodeStore.ReadTerm(store);
                NodeStore.ReadLeadership(store);
            });
        }
    }

    private static List<(StoreFamily Family, byte[] Key, byte[] Value)> Written(Samples samples)
    {
        var batch = new WriteBatch();
        var attempt = samples.Attempt();
        NodeStore.PutSubmission(batch, samples.Spec());
        NodeStore.PutAttempt(batch, attempt);
        NodeStore.PutOutbound(batch, new Outbound(attempt.Attempt, samples.Peer(), samples.Settlement(), samples.Coin() ? "key" : null));
        NodeStore.PutSettlement(batch, attempt.Attempt.Task, samples.Settlement());
        NodeStore.PutMember(batch, samples.Peer());
        NodeStore.PutLedgerId(batch, new LedgerId(5));
        NodeStore.PutTerm(batch, new Term(1, 2));
        NodeStore.PutLeadership(batch, new Term(1, 2));
        var written = new List<(StoreFamily, byte[], byte[])>();
        foreach (var write in batch)
        {
            if (write.Kind == WriteKind.Put) written.Add((write.Family, write.Key.ToArray(), write.Value.ToArray()));
        }

        return written;
    }

    private static byte[] Frame(in Message message)
    {
        var block = new ArrayBufferWriter<byte>();
        Assert.True(MessageCodec.TryWrite(message, block, int.MaxValue));
        return block.WrittenSpan.ToArray();
    }

    private static void Fuzz(ulong seed, byte[][] corpus, Action<byte[]> decode)
    {
        var random = new SplitMix64(seed);
        for (var i = 0; i < Inputs; i++)
        {
            var input = random.NextInt(10) == 0 ? Noise(ref random) : Mutate(corpus[random.NextInt(corpus.Length)], ref random);
            Survives(i, seed, input, () => decode(input));
        }
    }

    private static void Survives(int number, ulong seed, byte[] input, Action decode)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            decode();
        }
        catch (Exception error) when (error is RecordDamagedException or StoreCorruptException)
        {
            // It was answered.
        }
        catch (Exception error)
        {
            Assert.Fail($"Input {number} of seed {seed} ({Convert.ToHexString(input)}) raised {error}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= BytesAtLeast + (long)BytesPerByte * input.Length, $"Input {number} of seed {seed} has {input.Length} bytes and made the decoder allocate {allocated}");
    }

    private static byte[] Noise(ref SplitMix64 random)
    {
        var bytes = new byte[random.NextInt(200)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)random.Next();
        return bytes;
    }

    private static byte[] Mutate(byte[] source, ref SplitMix64 random)
    {
        var bytes = source.ToList();
        for (var left = 1 + random.NextInt(4); left > 0; left--)
        {
            var at = random.NextInt(bytes.Count + 1);
            switch (random.NextInt(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.NextInt(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next();
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.NextInt(8), bytes.Count - at));
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next());
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    // A length or a number at its end: protobuf's longest varint.
                    bytes.InsertRange(at, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>A store with one entry.</summary>
    private sealed class SingleEntryStore(StoreFamily family, byte[] key, byte[] value) : IKeyValueStore
    {
        public byte[] Value => value;

        public string Name => "fuzzed";

        public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public bool TryGet(StoreFamily asked, ReadOnlySpan<byte> name, out byte[] found)
        {
            var isThere = asked == family && name.SequenceEqual(key);
            found = isThere ? value : [];
            return isThere;
        }

        public IEnumerable<StoreEntry> Scan(StoreFamily asked, ReadOnlyMemory<byte> prefix) =>
            asked == family && key.AsSpan().StartsWith(prefix.Span) ? [new StoreEntry(key, value)] : [];

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
