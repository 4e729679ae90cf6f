using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Rqml.FaultProxy;

namespace Rqml.Samples.Tests.AspNetHost;

/// <summary>The sample as a user starts it: a shop of its own, with a node inside.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class AspNetHostTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>In the sample's own folder, which lies beside that of these tests.</summary>
    private static readonly string Folder = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../../../../samples/AspNetHost/bin", Path.GetFileName(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."))), "net10.0"));

    private readonly string _data = Directory.CreateTempSubdirectory("rqml-shop-").FullName;
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Timeout = Limit };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _http.Dispose();
        Directory.Delete(_data, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_shop_quotes_prices_plans_a_route_and_shows_how_its_node_is_until_it_is_told_to_end()
    {
        var (shop, output) = Start();
        using (shop)
        {
            await StartedAsync(shop, output);
            Assert.Equal(37.5m, (await GetAsync("/quote/12.50?amount=3")).GetProperty("total").GetDecimal());

            using var accepted = await _http.PostAsJsonAsync(new Uri("/routes", UriKind.Relative), new { points = new double[][] { [0, 0], [5, 1], [1, 4], [6, 6], [2, 2], [7, 3] } });
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
            var events = await _http.GetStringAsync(new Uri($"{accepted.Headers.Location}/events?artifacts=true", UriKind.Relative));
            Assert.StartsWith("event: status\n", events, StringComparison.Ordinal);
            Assert.Contains("event: result\n", events, StringComparison.Ordinal);      // a plan may be made before anybody asks for its iterations
            var task = await GetAsync(accepted.Headers.Location!.OriginalString);
            Assert.Equal("converged", task.GetProperty("result").GetProperty("outcome").GetString());
            Assert.Equal(Enumerable.Range(0, 6), task.GetProperty("result").GetProperty("artifact").EnumerateArray().Select(stop => stop.GetInt32()).Order());      // every stop once

            Assert.Equal("healthy", (await GetAsync("/health/ready")).GetProperty("status").GetString());
            Assert.Equal(("shop", 4), ((await GetAsync("/queue_stats")).GetProperty("node").GetString(), (await GetAsync("/queue_stats")).GetProperty("worker").GetProperty("lanes").GetInt32()));
            Assert.True((await GetAsync("/checkpoint_state")).GetProperty("is_durable").GetBoolean());
            var metrics = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            Assert.Contains("rqml_tasks_settled_total", metrics, StringComparison.Ordinal);
            Assert.Contains("http_server_request_duration", metrics, StringComparison.Ordinal);      // the shop's own, on the same page

            Assert.Equal(0, await TerminateAsync(shop));
            Assert.Contains("has stopped in order", await output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_shop_was_told_is_there_after_its_restart()
    {
        string task;
        var (shop, output) = Start();
        using (shop)
        {
            await StartedAsync(shop, output);
            using var accepted = await _http.PostAsJsonAsync(new Uri("/routes", UriKind.Relative), new { points = new double[][] { [0, 0], [5, 1], [1, 4] } });
            task = accepted.Headers.Location!.OriginalString;
            Assert.Equal(0, await TerminateAsync(shop));
        }

        (shop, output) = Start();
        using (shop)
        {
            await StartedAsync(shop, output);
            Assert.Contains("event: result\n", await _http.GetStringAsync(new Uri($"{task}/events", UriKind.Relative)), StringComparison.Ordinal);
            Assert.Equal(0, await TerminateAsync(shop));
        }
    }

    /// <summary>With its own settings, and its data in a folder of the test's.</summary>
    private (Process Shop, Task<string> Output) Start()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Folder, "AspNetHost.dll"), "--contentRoot", Folder, "--urls", _http.BaseAddress!.AbsoluteUri]) { RedirectStandardOutput = true, WorkingDirectory = _data };
        var shop = Process.Start(start)!;
        return (shop, shop.StandardOutput.ReadToEndAsync());
    }

    /// <summary>Nothing tells from outside that a server listens but its answer.</summary>
    private async Task StartedAsync(Process shop, Task<string> output)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            Assert.False(shop.HasExited, shop.HasExited ? await output : "");
            try
            {
                using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
                if (answer.StatusCode == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private async Task<JsonElement> GetAsync(string path) => await _http.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));

    /// <summary>As an orchestrator ends a process; gives its exit code.</summary>
    private static async Task<int> TerminateAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(Limit);
        return process.ExitCode;
    }
}
