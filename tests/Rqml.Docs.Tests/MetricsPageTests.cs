using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Rqml.Diagnostics;

namespace Rqml.Docs.Tests;

/// <summary>The page of metrics has every instrument with its name for Prometheus, and names none that there is not.</summary>
public sealed partial class MetricsPageTests
{
    private static readonly string Page = Repository.Read("docs/metrics.md");

    [Fact]
    public void The_page_has_every_instrument_with_the_name_that_prometheus_reads()
    {
        var instruments = Published();
        Assert.NotEmpty(instruments);
        Assert.Equal(
            instruments.Select(instrument => (instrument.Name, PrometheusNameOf(instrument))).Order(),
            Row().Matches(Page).Select(row => (row.Groups["name"].Value, row.Groups["prometheus"].Value)).Order());
    }

    [Fact]
    public void Every_metric_that_an_alert_names_is_on_the_page()
    {
        var known = Row().Matches(Page).Select(row => row.Groups["prometheus"].Value).ToHashSet();
        Assert.All(Named().Matches(Page), named => Assert.Contains(named.Value, known));
    }

    [Fact]
    public void Every_instrument_says_what_it_measures_and_in_what() => Assert.All(Published(), instrument =>
    {
        Assert.EndsWith(".", instrument.Description, StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(instrument.Unit));
    });

    private static List<Instrument> Published()
    {
        List<Instrument> published = [];
        using var meter = new Meter("Rqml");
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == meter) published.Add(instrument);
            },
        };
        listener.Start();
        Activator.CreateInstance(typeof(RqmlInstruments), BindingFlags.Instance | BindingFlags.NonPublic, null, [meter], null);
        return published;
    }

    private static string PrometheusNameOf(Instrument instrument)
    {
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",      // what stands in braces counts things
        };
        var total = instrument.GetType().GetGenericTypeDefinition() == typeof(Counter<>) ? "_total" : "";
        return instrument.Name.Replace('.', '_') + unit + total;
    }

    [GeneratedRegex(@"^\| `(?<name>rqml\.[\w.]+)` \| `(?<prometheus>\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\brqml_\w+_(total|seconds|bytes)\b")]
    private static partial Regex Named();
}
