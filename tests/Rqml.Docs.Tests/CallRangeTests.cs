using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rqml.Docs.Tests.Snippets;
using Rqml.Nodes;
using Rqml.Supervision;

namespace Rqml.Docs.Tests;

/// <summary>The ranges of calls that the page of options names beside those of options and classes.</summary>
public sealed partial class CallRangeTests
{
    private static readonly Dictionary<string, (Type Type, Action<object> Call)> Calls = new()
    {
        ["AddNode(name)"] = (typeof(string), value => Start(rqml => rqml.AddNode((string)value))),
        ["Lanes(lanes)"] = (typeof(int), value => Start(rqml => rqml.AddNode("b", node => node.Lanes((int)value)))),
        ["AddDevices(device)"] = (typeof(string), value => Start(rqml => rqml.AddDevices((string)value, 1))),
        ["AddDevices(lanes)"] = (typeof(int), value => Start(rqml => rqml.AddDevices("cuda", (int)value))),
        ["AddDataset(name)"] = (typeof(string), value => Start(rqml => rqml.AddDataset((string)value, (_, _) => new ValueTask<string>("data")))),
        ["TaskClass(name)"] = (typeof(string), value => _ = new TaskClass<int, int>((string)value)),
        ["ModelConcurrency.Fixed(calls)"] = (typeof(int), value => ModelConcurrency.Fixed((int)value)),
        ["Stability.Over(iterations)"] = (typeof(int), value => Stability.Over((int)value)),
        ["Stability.AtLeast(threshold)"] = (typeof(double), value => Stability.Over(2).AtLeast((double)value)),
        ["Consistency.Over(passes)"] = (typeof(int), value => Consistency.Over((int)value)),
        ["Consistency.AtLeast(threshold)"] = (typeof(double), value => Consistency.Over(2).AtLeast((double)value)),
        ["Novelty.Below(threshold)"] = (typeof(double), value => Novelty.Below((double)value)),
        ["Novelty.Within(artifacts)"] = (typeof(int), value => Novelty.Below(0.1).Within((int)value)),
        ["For(iterations)"] = (typeof(int), value => Stability.Over(2).For((int)value)),
        ["Ladder.WithVersion(version)"] = (typeof(int), value => Ladder.Default.WithVersion((int)value)),
    };

    [Fact]
    public void Each_range_of_a_call_holds()
    {
        var rows = Row().Matches(Repository.Read("docs/options.md")).ToDictionary(row => row.Groups["call"].Value, row => row.Groups["range"].Value);
        Assert.Equal(Calls.Keys.Order(), rows.Keys.Order());
        foreach (var (call, range) in rows)
        {
            var tried = OptionRange.Parse(range, Calls[call].Type)!;
            Assert.All(tried.Inside, value => Assert.Null(Record.Exception(() => Calls[call].Call(value))));
            Assert.All(tried.Outside, value =>
            {
                var refused = Record.Exception(() => Calls[call].Call(value));
                Assert.True(refused is ArgumentException or OptionsValidationException or DeviceRefusedException, $"{call} with '{value}': {refused?.GetType().Name ?? "taken"}");
            });
        }
    }

    private static void Start(Action<IRqmlBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>());
            configure(rqml);
        });
        using var host = builder.Build();
        host.StartAsync().GetAwaiter().GetResult();
        host.StopAsync().GetAwaiter().GetResult();
    }

    [GeneratedRegex(@"^\| `(?<call>[\w.]+\(\w+\))` \| (?<range>[^|]*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
