using System.Diagnostics;

namespace Rqml.Soak.Tests;

/// <summary>The judge notices what the soak is there to find.</summary>
public sealed class JudgeTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TaskId One = Id(1);
    private static readonly TaskId Other = Id(2);

    [Fact]
    public void A_task_that_was_heard_of_is_neither_lost_nor_settled_twice()
    {
        var judge = Judged(At(0, EntryKind.Intended), At(1, EntryKind.Acknowledged, One), At(2, EntryKind.Heard, One, detail: 7), At(3, EntryKind.HeardAgain, One, detail: 7), At(1.5, EntryKind.Called, One));

        Assert.Empty(judge.Faults);
        Assert.Equal((1L, 1L, 1L), (judge.Heard, judge.HeardAgain, judge.Calls));
    }

    [Fact]
    public void An_acknowledged_task_that_nobody_hears_of_is_lost() =>
        Assert.Equal(1, Judged(At(0, EntryKind.Intended), At(1, EntryKind.Acknowledged, One)).Lost);

    [Fact]
    public void A_submission_that_is_never_answered_is_lost() => Assert.Equal(1, Judged(At(0, EntryKind.Intended)).Lost);

    [Fact]
    public void A_task_that_is_not_known_any_more_is_lost() =>
        Assert.NotEqual(0, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Unknown, One)).Lost);

    [Fact]
    public void Two_completions_with_different_words_are_two_settlements() =>
        Assert.Equal(1, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Heard, One, detail: 7), At(2, EntryKind.HeardAgain, One, detail: 8)).SettledTwice);

    [Fact]
    public void A_cancel_with_a_yes_and_another_completion_are_two_settlements()
    {
        Assert.Equal(1, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Cancelled, One), At(2, EntryKind.Heard, One)).SettledTwice);
        Assert.Equal(1, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Heard, One), At(2, EntryKind.Cancelled, One)).SettledTwice);
    }

    [Fact]
    public void One_submission_that_was_acknowledged_as_two_tasks_is_settled_twice() =>
        Assert.Equal(1, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Heard, One), At(2, EntryKind.Acknowledged, Other)).SettledTwice);

    [Fact]
    public void What_was_begun_and_never_acknowledged_may_become_another_task_and_has_to_end_then()
    {
        Entry[] again = [At(0, EntryKind.Intended), At(1, EntryKind.Called, Other), At(20, EntryKind.Intended), At(20, EntryKind.Acknowledged, One), At(21, EntryKind.Called, Other), At(22, EntryKind.Heard, One)];

        Assert.Empty(Judged(again).Faults);
        Assert.Equal(1, Judged([.. again, At(26, EntryKind.Called, Other)]).SettledTwice);
    }

    [Fact]
    public void A_task_that_is_worked_on_long_after_its_settlement_is_settled_twice()
    {
        Entry[] settled = [At(0, EntryKind.Acknowledged, One), At(10, EntryKind.Heard, One)];

        Assert.Equal(1, Judged([.. settled, At(16, EntryKind.Called, One)]).SettledTwice);
        var soon = Judged([.. settled, At(14, EntryKind.Called, One)]);
        Assert.Empty(soon.Faults);
        Assert.Equal((1L, TimeSpan.FromSeconds(4)), (soon.CallsAfter, soon.LongestAfter));
    }

    [Fact]
    public void What_a_restart_finds_on_a_disk_has_its_time_from_the_start_on()
    {
        var judge = new Judge(Grace);
        foreach (var entry in new[] { At(0, EntryKind.Acknowledged, One), At(10, EntryKind.Heard, One) }) judge.Take(entry);
        judge.BeginLife(At(30, EntryKind.Called).At);
        judge.Take(At(32, EntryKind.Called, One));

        Assert.Empty(judge.Faults);
        Assert.Equal(1, judge.CallsAfterRestart);
        judge.Take(At(36, EntryKind.Called, One));
        Assert.Equal(1, judge.SettledTwice);
    }

    [Fact]
    public void An_artifact_that_no_model_made_is_wrong() => Assert.Equal(1, Judged(At(0, EntryKind.Acknowledged, One), At(1, EntryKind.Heard, One), At(1, EntryKind.Wrong, One)).Wrong);

    [Fact]
    public void A_new_life_takes_over_what_was_not_heard_of_and_asks_for_some_again()
    {
        var judge = new Judge(Grace);
        foreach (var entry in new[] { At(0, EntryKind.Intended), At(0, EntryKind.Acknowledged, One, number: 2), At(0, EntryKind.Acknowledged, Other, number: 3), At(1, EntryKind.Heard, Other, number: 3) }) judge.Take(entry);

        Assert.Equal([(EntryKind.Intended, 1L), (EntryKind.Acknowledged, 2L), (EntryKind.Heard, 3L)], judge.Inheritance(10).Select(entry => (entry.Kind, entry.Number)));
    }

    private static Judge Judged(params Entry[] entries)
    {
        var judge = new Judge(Grace);
        foreach (var entry in entries) judge.Take(entry);
        judge.Close();
        return judge;
    }

    private static Entry At(double seconds, EntryKind kind, TaskId task = default, ulong detail = 0, long number = 1) => new(kind, number, task, 1 + (long)(seconds * Stopwatch.Frequency), detail);

    private static TaskId Id(byte last) => TaskId.Read([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last]);
}
