using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rqml.Docs.Tests.Snippets;
using Rqml.Transports.Tcp;

namespace Rqml.Docs.Tests;

/// <summary>The page of options names each one, and the default that a fresh instance has.</summary>
public sealed class OptionsPageTests
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.IgnoreCase;

    /// <summary>Types of options, found by their names and by what is validated at the start.</summary>
    public static TheoryData<Type> Types =>
        [.. PublicAssemblies.Types.Where(type => type is { IsClass: true, IsAbstract: false } && (type.Name.EndsWith("Options", StringComparison.Ordinal) || type.Name.EndsWith("Budget", StringComparison.Ordinal)))
            .Union(PublicAssemblies.All.SelectMany(assembly => assembly.GetTypes()).SelectMany(type => type.GetInterfaces())
                .Where(role => role.IsGenericType && role.GetGenericTypeDefinition() == typeof(IValidateOptions<>)).Select(role => role.GetGenericArguments()[0]))];

    [Theory]
    [MemberData(nameof(Types))]
    public void The_page_has_every_option_with_its_default(Type type)
    {
        var options = Activator.CreateInstance(type);
        var expected = type.GetProperties().Where(property => property.SetMethod is { IsPublic: true })
            .Select(property => (property.Name, Describe(property.Name, property.GetValue(options))));
        Assert.Equal(expected.Order(), Rows(type.Name).Order());
    }

    [Fact]
    public void The_page_has_a_section_for_every_method_of_a_class_that_takes_a_value()
    {
        var methods = typeof(TaskClassBuilder<Number, Root>).GetMethods().Where(method => method.GetParameters().Any(parameter => IsValue(parameter.ParameterType))).Select(method => method.Name).Distinct();
        Assert.Equal(["AcceptAt", "AddModel", "Diversify", "Limit", "Monitor", "ValidateWith", "Vote"], methods.Order());
    }

    private static bool IsValue(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var value && (value.IsPrimitive || value == typeof(string) || value == typeof(TimeSpan));

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
        var parameters = methods.Single(method => method is { Name: "AddModel", IsGenericMethod: true }).GetParameters()
            .Concat(methods.Single(method => method is { Name: "ValidateWith", IsGenericMethod: true }).GetParameters()).Concat(methods.Single(method => method.Name == "AcceptAt").GetParameters()).ToArray();
        var rows = Rows("Models and validators of a task class").ToDictionary(row => row.Name, row => row.Default);
        Assert.Equal(parameters.Select(parameter => parameter.Name!).Distinct().Order(), rows.Keys.Order());
        Assert.All(parameters.Where(parameter => parameter.HasDefaultValue && parameter.DefaultValue is not null), parameter => Assert.Equal(Describe(parameter.Name!, parameter.DefaultValue), rows[parameter.Name!]));
    }

    /// <summary>The defaults are the policy's; it is no part of the API, so that only reflection reaches it.</summary>
    private static object PolicyOfAClassThatVotes()
    {
        object? policy = null;
        new ServiceCollection().AddRqml(rqml => rqml.AddTaskClass(SquareRoots.SquareRoot, roots => policy = roots.AddModel<NewtonStep>().Vote().GetType().GetField("_policy", Any)!.GetValue(roots)));
        return policy!;
    }

    private static PropertyInfo? PropertyOf(object holder, string name) => holder.GetType().GetProperty(name, Any);

    private static IEnumerable<(string Name, string Default)> Rows(string section) => OptionsPage.Rows(section).Select(row => (row.Name, row.Default));

    private static string Describe(string name, object? value) => value switch
    {
        // It depends on the machine.
        int when name == nameof(RqmlOptions.Lanes) => "processors",
        string when name == nameof(UnixSocketOptions.Folder) => "a temporary folder",
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
}
