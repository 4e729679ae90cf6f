using FsCheck.Xunit;
using Google.Protobuf;
using Rqml.Protocol;

namespace Rqml.Checkpoints;

public sealed class CheckpointCodecTests
{
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void A_snapshot_comes_back_with_its_decisions_in_its_entry(int seed)
    {
        var samples = new Samples((ulong)seed);
        var (attempt, snapshot) = (new Attempt(samples.TaskId(), samples.Epoch()), samples.Snapshot());
        var (record, entry) = CheckpointCodec.Write(attempt, snapshot, "model", 7, new byte[32]);
        var artifacts = new[] { snapshot.Artifact, snapshot.Best }.Concat(snapshot.Recent.Select(recent => recent.Bytes)).ToLookup(artifact => ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(artifact.Span)));

        var readRecord = CheckpointCodec.Read(record.ToByteArray(), attempt.Task)!;
        var readEntry = CheckpointCodec.ReadEntry(entry.ToByteArray(), attempt.Task)!;
        Assert.True(CheckpointCodec.Vouches(readEntry, readRecord));
        Contents.AssertSame(snapshot with { Decisions = [] }, CheckpointCodec.Restore(readRecord, hash => artifacts[hash].First().ToArray()));
        var described = CheckpointCodec.Describe(readEntry, readRecord);
        Contents.AssertSame(snapshot.Decisions, described.Decisions);
        Assert.Equal((attempt.Task, attempt.Epoch, snapshot.Iteration, "model", snapshot.Tier), (described.Task, described.Epoch, described.Iteration, described.Model, described.Tier));
        Assert.Equal(record.Hash.ToByteArray(), described.Hash.ToArray());
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void A_flipped_bit_is_detected_or_means_the_same(int seed)
    {
        var samples = new Samples((ulong)seed);
        var attempt = new Attempt(samples.TaskId(), samples.Epoch());
        var (record, entry) = CheckpointCodec.Write(attempt, samples.Snapshot(), "model", 7, new byte[32]);
        var damagedRecord = CheckpointCodec.Read(Flip(record.ToByteArray(), samples), attempt.Task);
        var damagedEntry = CheckpointCodec.ReadEntry(Flip(entry.ToByteArray(), samples), attempt.Task);

        Assert.True(damagedRecord is null || !CheckpointCodec.Vouches(entry, damagedRecord) || damagedRecord.Equals(record));
        Assert.True(damagedEntry is null || damagedEntry.Equals(entry));
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 100)]
    public void The_same_content_has_the_same_hash_and_other_content_another(int seed)
    {
        var samples = new Samples((ulong)seed);
        var (attempt, snapshot) = (new Attempt(samples.TaskId(), samples.Epoch()), samples.Snapshot());
        var hash = Hash(attempt, snapshot, 7, new byte[32]);

        Assert.Equal(hash, Hash(attempt, snapshot with { Similarities = [.. snapshot.Similarities], Artifact = snapshot.Artifact.ToArray() }, 7, new byte[32]));
        Assert.NotEqual(hash, Hash(attempt, snapshot with { Failures = snapshot.Failures + 1 }, 7, new byte[32]));
        Assert.NotEqual(hash, Hash(attempt, snapshot with { Decisions = [.. snapshot.Decisions, samples.Decision()] }, 7, new byte[32]));
        Assert.NotEqual(hash, Hash(attempt with { Epoch = new Epoch(5, 5, 5) }, snapshot, 7, new byte[32]));
        Assert.NotEqual(hash, Hash(attempt, snapshot, 7, [.. new byte[31], 1]));
    }

    private static ByteString Hash(Attempt attempt, Refinement.RefinementSnapshot snapshot, long sequence, byte[] previous) =>
        CheckpointCodec.Write(attempt, snapshot, "model", sequence, previous).Record.Hash;

    private static byte[] Flip(byte[] bytes, Samples samples)
    {
        bytes[samples.Below(bytes.Length)] ^= (byte)(1 << samples.Below(8));
        return bytes;
    }
}
