using Rqml.Supervision;
using ScottPlot;

namespace Quickstart;

/// <summary>Score by iteration, a line for each task in the colours of its models; a vote is a mark on the classifier that it was about.</summary>
public static class ConvergencePlot
{
    private const int WidthPixels = 900;
    private const int HeightPixels = 540;

    public static void Save(string svgPath, IReadOnlyList<Course> courses)
    {
        ArgumentNullException.ThrowIfNull(courses);
        using var plot = new Plot();
        plot.Title($"{courses.Count} classifiers on their way to the bar");
        plot.XLabel("iteration");
        plot.YLabel("left-out digits read rightly");
        plot.Add.HorizontalLine(LearnDigits.Bar, width: 1, Colors.Gray, LinePattern.Dashed).LegendText = "the bar";
        foreach (var course in courses) Draw(plot, course);
        foreach (var (model, colour) in ModelColours.All) plot.Legend.ManualItems.Add(new LegendItem { LabelText = model, LineColor = colour, LineWidth = 3 });
        plot.Legend.ManualItems.Add(Mark("accepted by a vote", MarkerShape.FilledCircle));
        plot.Legend.ManualItems.Add(Mark("refused by a vote", MarkerShape.Eks));
        plot.ShowLegend(Alignment.LowerLeft);
        plot.SaveSvg(svgPath, WidthPixels, HeightPixels);
    }

    private static LegendItem Mark(string text, MarkerShape shape) => new() { LabelText = text, MarkerShape = shape, MarkerSize = 8, MarkerFillColor = Colors.Black, MarkerLineColor = Colors.Black };

    private static void Draw(Plot plot, Course course)
    {
        CoursePoint? before = null;
        foreach (var point in course.Points)
        {
            var from = before ?? point;
            var line = plot.Add.ScatterLine(new double[] { from.Iteration, point.Iteration }, new[] { from.Score, point.Score }, ModelColours.All[point.Model].WithAlpha(0.5));
            line.LineWidth = 1.5f;
            before = point;
        }

        if (course.Vote is not { } verdict || course.Points.Count == 0) return;
        var best = course.Points.MaxBy(point => (point.Score, point.Iteration));
        plot.Add.Marker(best.Iteration, best.Score, verdict == VoteVerdict.Accepted ? MarkerShape.FilledCircle : MarkerShape.Eks, size: 8, Colors.Black);
    }
}
