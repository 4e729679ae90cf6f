using ScottPlot;

namespace Quickstart;

/// <summary>A model has one colour in all plots.</summary>
internal static class ModelColours
{
    public static IReadOnlyDictionary<string, Color> All { get; } = new Dictionary<string, Color>
    {
        [LearnDigits.Small] = Color.FromHex("#4477AA"),
        ["rbf-ridge"] = Color.FromHex("#EE6677"),
        ["perceptron"] = Color.FromHex("#228833"),
    };
}
