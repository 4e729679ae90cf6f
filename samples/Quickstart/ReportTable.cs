using Spectre.Console;

namespace Quickstart;

/// <summary>Says how a run went.</summary>
public static class ReportTable
{
    public static void Show(IAnsiConsole console, Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var table = new Table().Border(TableBorder.Rounded).AddColumns("on 797 digits that nothing had seen", "read rightly");
        table.AddRow("one softmax regression alone", $"{report.AccuracySmall:P1}");
        table.AddRow("one kernel ridge regression alone", $"{report.AccuracyLarge:P1}");
        table.AddRow($"the vote of {report.Completed} classifiers", $"[bold]{report.Accuracy:P1}[/]");
        console.Write(table);
        console.MarkupLineInterpolated($"Classifiers disagree on {report.Disputed} digits; {report.DisputedErrors} of their vote's {report.Errors} errors lie there.");
        console.MarkupLineInterpolated($"{report.Completed} of {report.Tasks} tasks settled, {report.Lost} lost, {report.Duplicated} duplicated.");
        console.MarkupLineInterpolated($"{report.Stalled} stalled on the small model, {report.Escalated} went to a larger one, {report.Voted} to a vote.");
        console.MarkupLineInterpolated($"Decided: {string.Join(", ", report.Decisions.Select(decision => $"{decision.Key} {decision.Value}"))}.");
        console.MarkupLineInterpolated($"{report.Passes} passes, cost {report.Cost}; {report.Unconverged} ended unconverged.");
        console.MarkupLineInterpolated($"{report.Recovered} recovered, {report.Resumed} of them from a checkpoint. {report.Seconds} s.");
    }
}
