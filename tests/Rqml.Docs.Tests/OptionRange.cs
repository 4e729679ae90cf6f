using System.Globalization;

namespace Rqml.Docs.Tests;

/// <summary>
/// A range as the page of options says it, such as "50 ms to 2 s" or "above 0, to 1": the values at its ends, which have to be taken, and those just beyond,
/// which have to be refused.
/// </summary>
internal sealed record OptionRange(IReadOnlyList<object> Inside, IReadOnlyList<object> Outside)
{
    private const string Unbounded = ", finite";

    /// <summary>Null where the text says no range that can be tried.</summary>
    /// <param name="text">As the page has it.</param>
    /// <param name="type">Of the option.</param>
    public static OptionRange? Parse(string text, Type type)
    {
        if (text == "any") return new OptionRange([], []);
        if (type == typeof(string)) return text == "not empty" ? new OptionRange(["a"], ["", " "]) : OfTexts(text);
        if (text.Split(" or ") is [var one, var other] && int.TryParse(one, out var first) && int.TryParse(other, out var second)) return new OptionRange([first, second], [first - 1, first + 1, second + 1]);
        if (!text.Contains(" to ", StringComparison.Ordinal) && !text.EndsWith(Unbounded, StringComparison.Ordinal)) return null;

        var isAbove = text.StartsWith("above ", StringComparison.Ordinal);
        var ends = text.Replace("above ", "", StringComparison.Ordinal).Replace(", to ", " to ", StringComparison.Ordinal).Split(" to ");
        var (least, step) = (Number(ends[0].Replace(" or more", "", StringComparison.Ordinal).Replace(Unbounded, "", StringComparison.Ordinal)), Step(type));
        List<double> inside = [isAbove ? least + step : least];
        List<double> outside = [isAbove ? least : least - step];
        if (type == typeof(double)) outside.AddRange([double.NaN, double.PositiveInfinity]);
        if (ends.Length > 1)
        {
            inside.Add(Number(ends[1]));
            outside.Add(Number(ends[1]) + step);
        }

        return new OptionRange([.. inside.Select(value => As(type, value))], [.. outside.Select(value => As(type, value))]);
    }

    /// <summary>"1 to 64 letters, digits, …" or "1 to 512 characters, …".</summary>
    private static OptionRange OfTexts(string text)
    {
        var longest = int.Parse(text.Split(' ')[2], CultureInfo.InvariantCulture);
        string[] strange = text.Contains("letters", StringComparison.Ordinal) ? ["a/b", "a b"] : [];
        return new OptionRange(["a", new string('a', longest)], ["", new string('a', longest + 1), .. strange]);
    }

    private static double Step(Type type) => type == typeof(double) ? 0.001 : type == typeof(TimeSpan) ? TimeSpan.FromMilliseconds(1).TotalSeconds : 1;

    private static object As(Type type, double value) => type == typeof(TimeSpan) ? TimeSpan.FromMilliseconds(Math.Round(value * 1_000)) : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);

    /// <summary>In seconds or bytes, where there is a unit.</summary>
    private static double Number(string text)
    {
        var words = text.Trim().Split(' ');
        var number = words[0] == "zero" ? 0 : double.Parse(words[0], NumberStyles.Number, CultureInfo.InvariantCulture);
        return number * (words.Length == 1 ? 1 : words[1] switch
        {
            "ms" => 0.001,
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "B" or "calls," => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => throw new FormatException($"'{words[1]}' is no unit of the page of options."),
        });
    }
}
