using System.Globalization;
using MathNet.Numerics.Statistics;

namespace Rqml.DoesItPay.Measuring;

/// <summary>A mean over seeds, two or more, and its standard error.</summary>
public readonly record struct Estimate(double Mean, double StandardError)
{
    public static Estimate Of(IEnumerable<double> samples)
    {
        double[] all = [.. samples];
        ArgumentOutOfRangeException.ThrowIfLessThan(all.Length, 2, nameof(samples));
        var (mean, deviation) = all.MeanStandardDeviation();
        return new Estimate(mean, deviation / Math.Sqrt(all.Length));
    }

    /// <summary>Seed by seed: what both have from the seed drops out.</summary>
    public static Estimate OfDifference(IEnumerable<double> samples, IEnumerable<double> from) => Of(samples.Zip(from, (sample, other) => sample - other));

    /// <summary>Seed by seed.</summary>
    public static Estimate OfRatio(IEnumerable<double> samples, IEnumerable<double> to) => Of(samples.Zip(to, (sample, other) => sample / other));

    public static Estimate operator *(Estimate estimate, double factor) => new(estimate.Mean * factor, estimate.StandardError * Math.Abs(factor));

    /// <summary>Above zero by more than twice its error.</summary>
    public bool IsClearlyPositive => Mean > 2 * StandardError;

    public string Format(int decimals) => string.Create(CultureInfo.InvariantCulture, $"{Round(Mean, decimals)} ± {Round(StandardError, decimals)}");

    private static string Round(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
}
