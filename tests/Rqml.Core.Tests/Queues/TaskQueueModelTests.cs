using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Rqml.Tasks;

namespace Rqml.Queues;

public sealed class TaskQueueModelTests
{
    [Property(Arbitrary = [typeof(Steps)], MaxTest = 400, EndSize = 150)]
    public void A_queue_does_what_scans_of_a_list_would_do(QueueStep[] steps) => new QueueScript(tasks: 24, capacity: 16).Run(steps);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_does_so_too_with_hundreds_of_tasks_waiting(ulong seed)
    {
        var random = new SplitMix64(seed);
        var steps = new QueueStep[6_000];
        for (var i = 0; i < steps.Length; i++) steps[i] = QueueScript.RandomStep(ref random);
        new QueueScript(tasks: 600, capacity: 400).Run(steps);
    }

    private static class Steps
    {
        public static Arbitrary<QueueStep> One() => Gen.Choose(0, int.MaxValue - 1).Select(seed =>
        {
            var random = new SplitMix64((ulong)seed);
            return QueueScript.RandomStep(ref random);
        }).ToArbitrary();
    }
}
