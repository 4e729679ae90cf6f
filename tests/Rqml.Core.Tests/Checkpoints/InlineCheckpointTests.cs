using FsCheck.Xunit;
using Rqml.Protocol;

namespace Rqml.Checkpoints;

public sealed class InlineCheckpointTests
{
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void A_checkpoint_that_fits_comes_back_whole_but_for_its_decisions(int seed)
    {
        var samples = new Samples((ulong)seed);
        var (attempt, snapshot) = (new Attempt(samples.TaskId(), samples.Epoch()), samples.Snapshot());

        if (InlineCheckpoint.Write(attempt, snapshot, "model") is not { } value) return;

        Assert.True(value.Length <= InlineCheckpoint.MaxBytes);
        Contents.AssertSame(snapshot with { Decisions = [] }, InlineCheckpoint.Read(value, attempt.Task));
    }

    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 300)]
    public void A_flipped_bit_is_detected_or_means_the_same(int seed)
    {
        var samples = new Samples((ulong)seed);
        var (attempt, snapshot) = (new Attempt(samples.TaskId(), samples.Epoch()), samples.Snapshot());
        if (InlineCheckpoint.Write(attempt, snapshot, "model") is not { } value) return;

        value[samples.Below(value.Length)] ^= (byte)(1 << samples.Below(8));

        if (InlineCheckpoint.Read(value, attempt.Task) is { } read) Contents.AssertSame(snapshot with { Decisions = [] }, read);
    }

    [Fact]
    public void One_that_is_too_long_is_not_written_and_one_of_another_task_is_not_read()
    {
        var attempt = new Attempt(TestCheckpoints.Task, new Epoch(1, 1, 1));
        var fits = InlineCheckpoint.Write(attempt, TestCheckpoints.Snapshot(3, "an artifact"), "model")!;

        Assert.Null(InlineCheckpoint.Write(attempt, TestCheckpoints.Snapshot(3, new string('a', InlineCheckpoint.MaxBytes)), "model"));
        Assert.Null(InlineCheckpoint.Write(attempt, TestCheckpoints.Snapshot(3, new string('a', 2_500), best: new string('b', 2_500)), "model"));
        Assert.Null(InlineCheckpoint.Read(fits, TaskId.Create(1_000, 8, new LedgerId(9))));
        Assert.Null(InlineCheckpoint.Read(new byte[InlineCheckpoint.MaxBytes + 1], attempt.Task));
    }

    [Fact]
    public void An_artifact_that_is_also_the_best_is_written_once()
    {
        var attempt = new Attempt(TestCheckpoints.Task, new Epoch(1, 1, 1));
        var same = new string('a', 2_500);

        Assert.NotNull(InlineCheckpoint.Write(attempt, TestCheckpoints.Snapshot(3, same, best: same), "model"));
    }
}
