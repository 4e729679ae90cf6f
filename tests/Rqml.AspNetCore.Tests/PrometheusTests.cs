using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rqml.AspNetCore.Tests.Processes;
using Rqml.FaultProxy;

namespace Rqml.AspNetCore.Tests;

/// <summary>Debian's Prometheus, which eng/test installs, against two nodes in processes of their own.</summary>
public sealed partial class PrometheusTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Prometheus_scrapes_two_nodes_under_load_and_its_own_judge_finds_nothing_in_what_they_say()
    {
        using var folder = new TemporaryFolder();
        await using var first = await WebProcess.StartAsync(Path.Combine(folder.Path, "a"));
        await using var second = await WebProcess.StartAsync(Path.Combine(folder.Path, "b"));
        var port = FreePort.Next();
        var configuration = Path.Combine(folder.Path, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $"global: {{ scrape_interval: 1s }}\nscrape_configs:\n  - job_name: rqml\n    static_configs:\n      - targets: ['{first.Address.Authority}', '{second.Address.Authority}']\n");
        using var prometheus = Start("prometheus", $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder.Path, "tsdb")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn");
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            Assert.Equal(2, await UntilTwoAsync(http, "rate(rqml_tasks_settled_total{rqml_outcome=\"Converged\"}[10s]) > 0"));
            Assert.Equal(2, await UntilTwoAsync(http, "histogram_quantile(0.5, sum by (instance, le) (rate(rqml_pass_duration_seconds_bucket[10s]))) < 1"));
            Assert.Equal(2, await UntilTwoAsync(http, "up{job=\"rqml\"} == 1"));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
        }

        foreach (var node in new[] { first, second })
        {
            var text = await node.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            using var judge = Start("promtool", "check", "metrics");
            await judge.StandardInput.WriteAsync(text);
            judge.StandardInput.Close();
            var said = await judge.StandardOutput.ReadToEndAsync() + await judge.StandardError.ReadToEndAsync();
            await judge.WaitForExitAsync().WaitAsync(Limit);
            Assert.Equal((0, ""), (judge.ExitCode, said));
            var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"));
            Assert.All(Family().Matches(text), family => Assert.Contains($"`{family.Groups[1].Value}`", page, StringComparison.Ordinal));
        }
    }

    /// <summary>Results of a query, once there are two.</summary>
    private static async Task<int> UntilTwoAsync(HttpClient http, string query)
    {
        using var limit = new CancellationTokenSource(Limit);
        var found = 0;
        while (found < 2 && !limit.IsCancellationRequested)
        {
            await Task.Delay(500);
            try
            {
                using var answer = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative)));
                found = answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(result => result.GetProperty("metric").GetProperty("instance").GetString()).Distinct().Count();
            }
            catch (HttpRequestException)
            {
                // It is still starting.
            }
        }

        return found;
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"'{program}' is not there; eng/test installs it (Debian's package prometheus)."), error);
        }
    }

    [GeneratedRegex(@"^# TYPE (rqml_\w+) ", RegexOptions.Multiline)]
    private static partial Regex Family();
}
