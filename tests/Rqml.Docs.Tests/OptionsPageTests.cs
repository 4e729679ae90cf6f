using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Rqml.Storage.RocksDb;
using Rqml.Supervision.Events;

namespace Rqml.Docs.Tests;

/// <summary>The page of options names each one, and the default that a fresh instance has.</summary>
public sealed partial class OptionsPageTests
{
    private static readonly string Page = Repository.Read("docs/options.md");

    public static TheoryData<string> Types => [nameof(RqmlOptions), nameof(EventOptions), nameof(RocksDbOptions), nameof(SubmitOptions), nameof(TaskBudget)];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_page_has_every_option_with_its_default(string type)
    {
        object options = type switch
        {
            nameof(RqmlOptions) => new RqmlOptions(),
            nameof(EventOptions) => new EventOptions(),
            nameof(RocksDbOptions) => new RocksDbOptions(),
            nameof(SubmitOptions) => new SubmitOptions(),
            _ => new TaskBudget(),
        };
        var expected = options.GetType().GetProperties().Where(property => property.SetMethod is { IsPublic: true })
            .Select(property => (property.Name, Describe(property.Name, property.GetValue(options))));
        Assert.Equal(expected.Order(), Rows(type).Order());
    }

    [Fact]
    public void The_page_has_every_limit_of_a_task_class_with_its_default()
    {
        // The defaults are the policy's; it is no part of the API, so that only reflection reaches it.
        var type = typeof(RqmlOptions).Assembly.GetType("Rqml.Refinement.ClassPolicy", throwOnError: true)!;
        var policy = Activator.CreateInstance(type, nonPublic: true);
        var expected = typeof(TaskClassBuilder<,>).GetMethod("Limit")!.GetParameters().Select(limit => (limit.Name!, Describe(limit.Name!, DefaultOf(limit.Name!))));
        Assert.Equal(expected.Order(), Rows("Limits of a task class").Order());

        object? DefaultOf(string limit)
        {
            var property = type.GetProperty($"Max{limit}", BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase)
                ?? type.GetProperty(limit, BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase)!;
            return property.GetValue(policy);
        }
    }

    private static IEnumerable<(string Name, string Default)> Rows(string section)
    {
        var text = Page.Split("\n## ").Single(part => part.StartsWith(section + "\n", StringComparison.Ordinal));
        return Row().Matches(text).Select(row => (row.Groups["name"].Value, row.Groups["default"].Value));
    }

    private static string Describe(string name, object? value) => value switch
    {
        // It depends on the machine.
        int when name == nameof(RqmlOptions.Lanes) => "processors",
        null or double.PositiveInfinity => "none",
        bool flag => flag ? "true" : "false",
        TimeSpan time => Describe(time),
        TaskBudget => "none",
        Enum choice => $"`{choice}`",
        string text => $"`{text.Replace('\\', '/')}`",
        IFormattable number when name.EndsWith("Bytes", StringComparison.Ordinal) => Bytes(Convert.ToInt64(number, CultureInfo.InvariantCulture)),
        IFormattable number => number.ToString("#,0.##", CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"{name} has a default of a kind that the page cannot say: {value}.", nameof(value)),
    };

    private static string Bytes(long bytes) => bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : $"{bytes >> 10} KiB";

    private static string Describe(TimeSpan time)
    {
        if (time == TimeSpan.Zero) return "zero";
        if (time.TotalDays >= 1) return $"{time.TotalDays} d";
        if (time.TotalHours >= 1) return $"{time.TotalHours} h";
        return time.TotalMinutes >= 1 ? $"{time.TotalMinutes} min" : $"{time.TotalSeconds} s";
    }

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<default>[^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
