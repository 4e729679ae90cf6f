using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Docs.Tests.Snippets;
using Rqml.Storage.RocksDb;
using Rqml.Supervision.Events;

namespace Rqml.Docs.Tests;

/// <summary>The page of options names each one, and the default that a fresh instance has.</summary>
public sealed partial class OptionsPageTests
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.IgnoreCase;

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

    /// <param name="method">Of the class's builder.</param>
    /// <param name="section">Of the page.</param>
    /// <param name="part">Of the policy; empty: the policy itself.</param>
    /// <param name="prefix">What some of its properties have before the parameter's name.</param>
    [Theory]
    [InlineData("Limit", "Limits of a task class", "", "Max")]
    [InlineData("Monitor", "Monitor of a task class", "Monitor", "")]
    [InlineData("Vote", "Vote of a task class", "Vote", "Is")]
    [InlineData("Diversify", "Diversity of a task class", "", "Diverse")]
    public void The_page_has_every_parameter_of_a_class_with_its_default(string method, string section, string part, string prefix)
    {
        var policy = PolicyOfAClassThatVotes();
        var holder = part.Length == 0 ? policy : PropertyOf(policy, part)!.GetValue(policy)!;
        var parameters = typeof(TaskClassBuilder<Number, Root>).GetMethod(method)!.GetParameters().Select(parameter => parameter.Name!);
        var expected = parameters.Select(name => (name, Describe(name, (PropertyOf(holder, prefix + name) ?? PropertyOf(holder, name)!).GetValue(holder))));
        Assert.Equal(expected.Order(), Rows(section).Order());
    }

    [Fact]
    public void The_page_has_every_parameter_of_models_and_validators_with_its_default()
    {
        var methods = typeof(TaskClassBuilder<Number, Root>).GetMethods();
        var parameters = methods.Single(method => method is { Name: "AddModel", IsGenericMethod: true }).GetParameters().Concat(methods.Single(method => method.Name == "ValidateWith").GetParameters());
        var rows = Rows("Models and validators of a task class").ToDictionary(row => row.Name, row => row.Default);
        Assert.Equal(parameters.Select(parameter => parameter.Name!).Distinct().Order(), rows.Keys.Order());
        Assert.All(parameters.Where(parameter => parameter.DefaultValue is not null), parameter => Assert.Equal(Describe(parameter.Name!, parameter.DefaultValue), rows[parameter.Name!]));
    }

    /// <summary>The defaults are the policy's; it is no part of the API, so that only reflection reaches it.</summary>
    private static object PolicyOfAClassThatVotes()
    {
        object? policy = null;
        new ServiceCollection().AddRqml(rqml => rqml.AddTaskClass(SquareRoots.SquareRoot, roots => policy = roots.AddModel<NewtonStep>().Vote().GetType().GetField("_policy", Any)!.GetValue(roots)));
        return policy!;
    }

    private static PropertyInfo? PropertyOf(object holder, string name) => holder.GetType().GetProperty(name, Any);

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
        IFormattable number => number.ToString("#,0.###", CultureInfo.InvariantCulture),
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
