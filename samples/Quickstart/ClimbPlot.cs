using Rqml.Supervision;
using ScottPlot;

namespace Quickstart;

/// <summary>The way of one task up the ladder: score by iteration in the colours of its models, and a number wherever something else than going on was decided.</summary>
public static class ClimbPlot
{
    private const int WidthPixels = 900;
    private const int HeightPixels = 480;
    private const int LongestReason = 70;

    public static void Save(string svgPath, Course course, IReadOnlyList<StoryStep> story, string ending)
    {
        ArgumentNullException.ThrowIfNull(course);
        ArgumentNullException.ThrowIfNull(story);
        using var plot = new Plot();
        plot.Title($"One task on its way: {ending}");
        plot.XLabel("iteration");
        plot.YLabel("score");
        plot.Add.HorizontalLine(LearnDigits.Bar, width: 1, Colors.Gray, LinePattern.Dashed);
        foreach (var (model, colour) in ModelColours.All)
        {
            var points = course.Points.Where(point => point.Model == model).ToArray();
            if (points.Length == 0) continue;
            var line = plot.Add.Scatter(points.Select(point => (double)point.Iteration).ToArray(), points.Select(point => point.Score).ToArray(), colour);
            (line.LineWidth, line.MarkerSize) = (2, 7);
            plot.Legend.ManualItems.Add(new LegendItem { LabelText = model, LineColor = colour, LineWidth = 3 });
        }

        plot.Legend.ManualItems.Add(new LegendItem { LabelText = "the bar", LineColor = Colors.Gray, LinePattern = LinePattern.Dashed, LineWidth = 1 });
        foreach (var turns in Turns(story).GroupBy(turn => turn.Step.To)) Mark(plot, [.. turns], course);
        plot.Axes.AutoScale();
        plot.Axes.Margins(left: 0.05, right: 0.05, bottom: 0.1, top: 0.12);
        plot.ShowLegend(Edge.Bottom);
        plot.SaveSvg(svgPath, WidthPixels, HeightPixels);
    }

    /// <summary>What is more than going on, numbered in order.</summary>
    private static IEnumerable<(int Number, StoryStep Step)> Turns(IReadOnlyList<StoryStep> story) =>
        story.Where(step => step.Action != SupervisionAction.Continue).Select((step, index) => (index + 1, step));

    private static void Mark(Plot plot, IReadOnlyList<(int Number, StoryStep Step)> turns, Course course)
    {
        var at = turns[0].Step.To;
        var score = course.Points.Where(point => point.Iteration == at).Select(point => point.Score).FirstOrDefault(LearnDigits.Bar);
        var label = plot.Add.Text(string.Join(", ", turns.Select(turn => turn.Number)), at, score);
        (label.LabelFontSize, label.LabelBold, label.LabelAlignment, label.OffsetY) = (14, true, Alignment.LowerCenter, -6);
        foreach (var (number, step) in turns) plot.Legend.ManualItems.Add(new LegendItem { LabelText = $"{number} {Describe(step)}" });
    }

    /// <summary>A vote is on the best artifact, which another model than the last one may have made.</summary>
    private static string Describe(StoryStep step) => $"{Shorten(step.Reason)}{(step.Maker is { } maker && maker != step.Model ? $": what {maker} made" : "")}";

    private static string Shorten(string reason) => reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]}…";
}
