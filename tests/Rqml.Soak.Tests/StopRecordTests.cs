using System.Diagnostics;
using Rqml.Soak.Fabric;

namespace Rqml.Soak.Tests;

/// <summary>The record of a stop notices what the soak of stops is there to find. The worker stands still from second 10 to 18.</summary>
public sealed class StopRecordTests
{
    private static readonly Standstill Stop = new(At(10), At(18));

    [Fact]
    public void What_the_stopped_worker_held_is_settled_elsewhere_while_others_go_on_and_it_gets_work_again()
    {
        var record = Record();

        Assert.Empty(record.Faults);
        Assert.Equal((1, 1, 1), (record.Held, record.Begun, record.Moved));
        Assert.Equal((1, 9), (record.SettledInSecondBefore, record.SettledMeanwhile));
        Assert.Equal((TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (record.LastSettled, record.LongestPause, record.BackAfter));
    }

    [Fact]
    public void What_the_stopped_worker_had_begun_and_nobody_else_worked_on_is_a_fault() =>
        Assert.Contains("1 tasks that the stopped worker had begun were not worked on elsewhere", Fault(Record(isMoved: false)), StringComparison.Ordinal);

    [Fact]
    public void A_worker_whose_tasks_were_all_settled_at_once_held_nothing() =>
        Assert.Contains("held nothing", Fault(Record(heldSettledAt: 11)), StringComparison.Ordinal);

    [Fact]
    public void A_task_that_is_settled_only_when_the_worker_goes_on_has_waited_for_it() =>
        Assert.Contains("1 tasks were not settled 8 s after the stop", Fault(Record(heldSettledAt: 19)), StringComparison.Ordinal);

    [Fact]
    public void A_task_that_was_submitted_before_the_silence_was_noticed_may_have_gone_to_the_stopped_worker() =>
        Assert.Contains("1 tasks were not settled", Fault(Record(more: [Submitted(14.9, 50), Settled(18.5, 50)])), StringComparison.Ordinal);

    [Fact]
    public void A_task_that_was_submitted_later_may_take_its_time() => Assert.Empty(Record(more: [Submitted(17, 50), Settled(18.5, 50)]).Faults);

    [Fact]
    public void Completions_that_cease_for_a_while_are_a_fault() =>
        Assert.Contains("nothing was settled for 4.0 s", Fault(Record(quietFrom: 11, quietUntil: 15)), StringComparison.Ordinal);

    [Fact]
    public void A_worker_that_only_goes_on_with_what_it_had_has_got_no_work()
    {
        var record = Record(newWorkAt: null);
        Assert.Null(record.BackAfter);
        Assert.Contains("got no work", Fault(record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_calls_models_was_not_stopped() =>
        Assert.Contains("called a model 1 times", Fault(Record(callOfStoppedAt: 12)), StringComparison.Ordinal);

    /// <summary>Task 1 is held when the worker is stopped, task 2 is settled before, tasks 10 to 17 one a second meanwhile, and task 30 is submitted after.</summary>
    private static StopRecord Record(double heldSettledAt = 16, double quietFrom = 0, double quietUntil = 0, double? newWorkAt = 20, double? callOfStoppedAt = null, bool isMoved = true, Entry[]? more = null)
    {
        List<Entry> tasks = [Submitted(8, 1), Submitted(8, 2), Settled(9.5, 2), .. more ?? []];
        for (var second = 10; second < 18; second++)
        {
            if (second + 1 > quietFrom && second + 1 < quietUntil) continue;
            tasks.AddRange([Submitted(second, second), Settled(second + 1, second)]);
        }

        tasks.AddRange([Settled(heldSettledAt, 1), Submitted(18.5, 30), Settled(20.5, 30)]);
        List<Entry> calls = [Called(9, 1), Called(9, 2), Called(18.1, 1)];
        if (callOfStoppedAt is { } meanwhile) calls.Add(Called(meanwhile, 1));
        if (newWorkAt is { } at) calls.Add(Called(at, 30));
        return new StopRecord(Stop, tasks, calls, isMoved ? [Called(15.5, 1)] : []);
    }

    private static string Fault(StopRecord record) => Assert.Single(record.Faults);

    private static Entry Submitted(double seconds, long number) => new(EntryKind.Intended, number, default, At(seconds));

    private static Entry Settled(double seconds, long number) => new(EntryKind.Heard, number, default, At(seconds));

    private static Entry Called(double seconds, long number) => new(EntryKind.Called, number, default, At(seconds));

    private static long At(double seconds) => (long)(seconds * Stopwatch.Frequency);
}
