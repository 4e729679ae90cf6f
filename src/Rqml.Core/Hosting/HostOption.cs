using System.Globalization;

namespace Rqml.Hosting;

/// <summary>One option of a host: where it stands in a configuration, how it is read from there, and what it takes.</summary>
/// <param name="key">Below the host's section: <c>Lanes</c>, <c>Events:SpikeZ</c>.</param>
/// <param name="kind">What its text is to be, such as "a whole number".</param>
/// <param name="range">What it takes; empty: any of its kind.</param>
internal abstract class HostOption(string key, string kind, string range)
{
    public string Key { get; } = key;

    /// <summary>What it takes, for whoever wrote something that is not even of its kind.</summary>
    public string Takes { get; } = range.Length == 0 ? kind : $"{kind}, {range}";

    protected string Range { get; } = range;

    public static HostOption Text(string key, string range, Func<RqmlOptions, string> get, Action<RqmlOptions, string> set, Predicate<string> holds) =>
        new HostOption<string>(key, "a text", range, get, set, static text => (true, text), holds);

    public static HostOption Integer(string key, string range, Func<RqmlOptions, int> get, Action<RqmlOptions, int> set, Predicate<int> holds) =>
        new HostOption<int>(key, "a whole number", range, get, set, static text => (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value), value), holds);

    public static HostOption Seed(string key, Func<RqmlOptions, ulong> get, Action<RqmlOptions, ulong> set) =>
        new HostOption<ulong>(key, "a whole number that is not negative", "", get, set, static text => (ulong.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value), value), static _ => true);

    public static HostOption Number(string key, string range, Func<RqmlOptions, double> get, Action<RqmlOptions, double> set, Predicate<double> holds) =>
        new HostOption<double>(key, "a number", range, get, set, static text => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value), value), holds);

    public static HostOption Time(string key, string range, Func<RqmlOptions, TimeSpan> get, Action<RqmlOptions, TimeSpan> set, Predicate<TimeSpan> holds) =>
        new HostOption<TimeSpan>(key, "a time such as 00:00:10", range, get, set, static text => (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value), value), holds);

    /// <summary>A time, or nothing where the text is empty.</summary>
    public static HostOption OptionalTime(string key, string range, Func<RqmlOptions, TimeSpan?> get, Action<RqmlOptions, TimeSpan?> set, Predicate<TimeSpan> holds) =>
        new HostOption<TimeSpan?>(
            key, "a time such as 00:00:10, or nothing", range, get, set,
            static text => text.Length == 0 ? (true, null) : (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value), value), value => value is null || holds(value.Value));

    public static HostOption Flag(string key, Func<RqmlOptions, bool> get, Action<RqmlOptions, bool> set) =>
        new HostOption<bool>(key, "true or false", "", get, set, static text => (bool.TryParse(text, out var value), value), static _ => true);

    /// <summary>Reads the option; false where the text is none of its kind.</summary>
    public abstract bool TryRead(string text, RqmlOptions into);

    /// <summary>What is wrong with the option, or null.</summary>
    public abstract string? FaultOf(RqmlOptions options);

    public abstract object? ValueOf(RqmlOptions options);
}

/// <summary>An option of one type.</summary>
internal sealed class HostOption<T>(
    string key, string kind, string range, Func<RqmlOptions, T> get, Action<RqmlOptions, T> set, Func<string, (bool IsOne, T Value)> parse, Predicate<T> holds) : HostOption(key, kind, range)
{
    public override bool TryRead(string text, RqmlOptions into)
    {
        var (isOne, value) = parse(text);
        if (isOne) set(into, value);
        return isOne;
    }

    public override string? FaultOf(RqmlOptions options)
    {
        var value = get(options);
        return holds(value) ? null : string.Create(CultureInfo.InvariantCulture, $"{nameof(RqmlOptions)}.{Key.Replace(':', '.')} is '{value}'; it takes {Range}.");
    }

    public override object? ValueOf(RqmlOptions options) => get(options);
}
