using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Reporting;

/// <summary>The answer in one line, and below it what it rests on: whether ladder and votes beat every fixed cascade, by two standard errors, in any job. Qualities are in percent, so differences are points.</summary>
internal static class Verdict
{
    public static string Of(IReadOnlyCollection<StudyReport> reports)
    {
        var comparisons = reports.SelectMany(report => report.Contenders.Select(contender => new Comparison(report, report[contender]))).ToArray();
        var (wins, others) = (comparisons.Where(one => one.IsWin).ToArray(), comparisons.Where(one => !one.IsWin).ToArray());
        var found = string.Join("; ", comparisons.Select(one => one.ToString()));
        if (wins.Length == 0) return $"**Ladder and votes do not beat the best fixed cascade by two standard errors in any job.**\n\n{found}.";
        var where = string.Join(" and ", wins.Select(one => one.Where));
        return others.Length == 0
            ? $"**Ladder and votes beat the best fixed cascade by two standard errors in every job.**\n\n{found}."
            : $"**Ladder and votes beat the best fixed cascade by two standard errors in {where}, and not elsewhere.**\n\n{found}.";
    }

    private sealed record Comparison(StudyReport Report, RegimeTrials Contender)
    {
        private RegimeTrials[] Cascades => [.. Report.Cascades.Select(cascade => Report[cascade])];

        public bool IsWin => Cascades.All(cascade => Contender.QualityBeyond(cascade).IsClearlyPositive);

        public string Where => $"{Report.Job} ({Contender.Regime})";

        public override string ToString() => $"{Where}: {string.Join(", ", Cascades.Select(Against))}";

        private string Against(RegimeTrials cascade)
        {
            var (beyond, share) = (Contender.QualityBeyond(cascade), Contender.CostShareOf(cascade) * 100);
            return $"{beyond.Format(Report.Quality.Decimals)} points beyond the {cascade.Regime} at {share.Format(0)} % of its CPU";
        }
    }
}
