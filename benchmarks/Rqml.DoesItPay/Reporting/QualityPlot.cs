using ScottPlot;
using ScottPlot.Plottables;

namespace Rqml.DoesItPay.Reporting;

/// <summary>Quality against cost, one point a regime, with bars of one standard error: up and to the left is better.</summary>
public static class QualityPlot
{
    private const int WidthPixels = 860;
    private const int HeightPixels = 520;

    public static void Save(StudyReport report, string svgPath)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var plot = new Plot();
        plot.Title(report.Title);
        plot.XLabel(report.Cost.ToString());
        plot.YLabel(report.Quality.ToString());
        foreach (var regime in report.Regimes)
        {
            var (quality, cost) = (regime.Quality, regime.Cost);
            var point = plot.Add.Scatter(cost.Mean, quality.Mean);
            point.LegendText = regime.Regime;
            point.MarkerSize = 9;
            double[] along = [cost.StandardError], up = [quality.StandardError];
            plot.Add.Plottable(new ErrorBar([cost.Mean], [quality.Mean], along, along, up, up) { Color = point.Color });
        }

        plot.Axes.SetLimitsX(0, report.Regimes.Max(regime => regime.Cost.Mean) * 1.1);   // shares of cost are lengths from zero
        plot.ShowLegend(Alignment.LowerRight);
        plot.SaveSvg(svgPath, WidthPixels, HeightPixels);
    }
}
