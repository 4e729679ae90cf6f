using System.Diagnostics;
using Rqml.Soak.Fabric;

namespace Rqml.Soak.Tests;

/// <summary>The record of a kill notices what the soak of processes apart is there to find. The worker is killed in second 10.</summary>
public sealed class KillRecordTests
{
    [Fact]
    public void What_the_killed_worker_had_begun_is_worked_on_elsewhere_and_settled()
    {
        var record = Record([Settled(9, 1), Settled(16, 2), Settled(10.5, 3)], [Called(8, 1), Called(9, 2), Called(9.9, 3)], [Called(9.5, 4), Called(15, 2)]);

        Assert.Empty(record.Faults);
        Assert.Equal((2, 1, TimeSpan.FromSeconds(6)), (record.Begun, record.Moved, record.LastSettled));
    }

    [Fact]
    public void A_worker_that_was_killed_between_two_tasks_was_killed_in_none() =>
        Assert.Contains("nothing that the killed worker had begun was worked on elsewhere, of 0 tasks", Fault(Record([Settled(9, 1)], [Called(8, 1)], [Called(11, 2)])), StringComparison.Ordinal);

    [Fact]
    public void What_was_only_worked_on_elsewhere_before_the_kill_has_not_moved() =>
        Assert.Contains("worked on elsewhere, of 1 tasks", Fault(Record([Settled(11, 1)], [Called(9, 1)], [Called(8, 1), Called(12, 2)])), StringComparison.Ordinal);

    [Fact]
    public void A_task_that_is_worked_on_elsewhere_and_never_settled_is_a_fault() =>
        Assert.Contains("1 tasks that the killed worker had begun were not settled", Fault(Record([], [Called(9, 1)], [Called(15, 1)])), StringComparison.Ordinal);

    private static KillRecord Record(Entry[] tasks, Entry[] callsOfKilled, Entry[] callsOfOther) => new(At(10), tasks, callsOfKilled, callsOfOther);

    private static string Fault(KillRecord record) => Assert.Single(record.Faults);

    private static Entry Settled(double seconds, long number) => new(EntryKind.Heard, number, default, At(seconds));

    private static Entry Called(double seconds, long number) => new(EntryKind.Called, number, default, At(seconds));

    private static long At(double seconds) => (long)(seconds * Stopwatch.Frequency);
}
