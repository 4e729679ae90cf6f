using System.Globalization;
using System.Text;

namespace Rqml.DoesItPay.Reporting;

/// <summary>A report as a page: one table of regimes, one of promises, the notes.</summary>
public static class MarkdownReport
{
    public static string Write(StudyReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var reference = report[report.Reference];
        var page = new StringBuilder();
        Line($"## {report.Title}");
        Line($"Mean ± standard error over {reference.Trials.Length} seeds; differences and shares are taken seed by seed.\n");
        Line($"| regime | {report.Quality} | {report.Cost} | {report.Quality.Name} beyond {report.Reference} | {report.Cost.Name} of {report.Reference}, % |");
        Line($"|---|---:|---:|---:|---:|");
        foreach (var regime in report.Regimes)
        {
            var beyond = regime == reference ? "" : regime.QualityBeyond(reference).Format(report.Quality.Decimals);
            var share = regime == reference ? "100" : (regime.CostShareOf(reference) * 100).Format(1);
            Line($"| {regime.Regime} | {regime.Quality.Format(report.Quality.Decimals)} | {regime.Cost.Format(report.Cost.Decimals)} | {beyond} | {share} |");
        }

        Line($"\n| hoped for | found | kept |");
        Line($"|---|---|---|");
        foreach (var promise in report.Promises) Line($"| {promise.Hope} | {promise.Found} | {(promise.IsKept ? "yes" : "**no**")} |");
        Line($"");
        foreach (var note in report.Notes) Line($"- {note}");
        return page.ToString();

        void Line(FormattableString line) => page.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
