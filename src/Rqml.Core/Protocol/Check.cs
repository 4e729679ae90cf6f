using System.Numerics;

namespace Rqml.Protocol;

/// <summary>What a decoder holds a record to: whatever no writer of ours would say is refused, naming the value and its range.</summary>
internal static class Check
{
    public static T NotNegative<T>(T value, string what)
        where T : INumber<T> => InRange(value, T.Zero, T.CreateSaturating(double.MaxValue), what);

    /// <summary>In [0, 1]; NaN is not.</summary>
    public static double Share(double value, string what) => InRange(value, 0, 1, what);

    public static T InRange<T>(T value, T least, T most, string what)
        where T : INumber<T>
    {
        if (value >= least && value <= most) return value;
        throw new RecordDamagedException(FormattableString.Invariant($"{what} is {value}; it takes {least} to {most}."));
    }

    public static string Length(string value, int least, int most, string what)
    {
        if (value.Length >= least && value.Length <= most) return value;
        throw new RecordDamagedException($"{what} has {value.Length} characters; it takes {least} to {most}.");
    }
}
