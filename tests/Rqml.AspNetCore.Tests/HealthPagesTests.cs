using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Nodes;

namespace Rqml.AspNetCore.Tests;

public sealed class HealthPagesTests
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task A_node_at_work_is_healthy(string page)
    {
        await using var host = await WebHost.StartAsync();
        var (status, body) = await host.GetAsync(page);
        Assert.Equal((200, "healthy", "local", "active"), (status, Text(body, "status"), Text(body, "node"), Text(body, "phase")));
        Assert.All(body.GetProperty("checks").EnumerateArray(), check => Assert.Equal(0, check.GetProperty("reasons").GetArrayLength()));
    }

    [Fact]
    public async Task A_node_that_no_scheduler_has_welcomed_lives_and_is_not_ready()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.JoinScheduler("inproc://nobody").Roles(Hosting.NodeRoles.Worker));
        await ExpectAsync(host, "/health/ready", 503, "unhealthy", "node 'local' has not been welcomed by a scheduler yet");
        await ExpectAsync(host, "/health/live", 200, "healthy", null);
    }

    [Fact]
    public async Task A_node_that_drains_lives_and_is_not_ready()
    {
        await using var host = await WebHost.StartAsync();
        await host.Services.GetRequiredService<INodeOrchestrator>().DrainAsync();
        await ExpectAsync(host, "/health/ready", 503, "unhealthy", "node 'local' takes nothing new");
        await ExpectAsync(host, "/health/live", 200, "healthy", null);
        await ExpectAsync(host, "/health", 503, "unhealthy", null);
    }

    [Fact]
    public async Task While_the_host_stops_its_pages_say_that_it_is_not_ready()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml));
        await host.Client.SubmitAsync(gate.Class, 1);
        await gate.Running;
        var stopped = host.StopAsync();
        await host.UntilAsync("/health/ready", (status, body) => status == 503 && Reasons(body).Contains("the host is stopping"));
        await ExpectAsync(host, "/health/live", 200, "healthy", null);
        gate.Release();
        await stopped.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_node_whose_store_or_loop_has_failed_is_dead_and_its_pages_name_no_more_than_the_kind_of_error()
    {
        await using var host = await WebHost.StartAsync();
        host.Node.Loop.Failed!(new InvalidOperationException("/secret/folder"));
        await ExpectAsync(host, "/health/live", 503, "unhealthy", "node 'local' has stopped: InvalidOperationException");
        await ExpectAsync(host, "/health/ready", 503, "unhealthy", "node 'local' has stopped: InvalidOperationException");
    }

    [Fact]
    public async Task A_loop_that_does_not_answer_is_dead()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.AddHttpEndpoints(http => http.AnswersWithin = TimeSpan.FromMilliseconds(200)));
        using var release = new ManualResetEventSlim();
        var stuck = host.Node.Ledger!.AskAsync(_ => { release.Wait(); return 0; });
        await ExpectAsync(host, "/health/live", 503, "unhealthy", "the loop of node 'local' has not answered within 0.2 s");
        release.Set();
        await stuck;
        await ExpectAsync(host, "/health/live", 200, "healthy", null);
    }

    [Fact]
    public async Task Workers_that_hang_degrade_a_node_until_they_come_back()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml, beatTimeout: TimeSpan.FromSeconds(1)));
        await host.Client.SubmitAsync(gate.Class, 1);
        await host.UntilAsync("/health/ready", (status, body) => status == 200 && Text(body, "status") == "degraded" && Reasons(body).Any(reason => reason.EndsWith("workers of node 'local' hang in their models", StringComparison.Ordinal)));
        gate.Release();
        await host.UntilAsync("/health/ready", (_, body) => Text(body, "status") == "healthy");
    }

    [Fact]
    public async Task A_full_ledger_and_full_memory_degrade_a_node()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml)
            .AddHttpEndpoints(http => http.DegradedAtMemory = 1e-9)
            .Configure(options => options.MaxOpenTasks = 1));
        var task = await host.Client.SubmitAsync(gate.Class, 1);
        var (status, body) = await host.GetAsync("/health/ready");
        Assert.Equal((200, "degraded"), (status, Text(body, "status")));
        Assert.Contains("the ledger has as many open tasks as it takes, 1", Reasons(body));
        Assert.Contains(Reasons(body), reason => reason.EndsWith("of the memory is in use", StringComparison.Ordinal));
        gate.Release();
        await task.Completion;
    }

    [Fact]
    public async Task A_node_that_is_cut_off_from_its_scheduler_is_degraded()
    {
        var scheduler = await WebHost.StartAsync(rqml => rqml.AddInProcess().Configure(options => options.NodeName = "health-leader"));
        await using var worker = await WebHost.StartAsync(rqml => rqml.AddInProcess().JoinScheduler("inproc://health-leader").Roles(Hosting.NodeRoles.Worker).Configure(options => options.NodeName = "health-worker"));
        await worker.UntilAsync("/health/ready", (status, _) => status == 200);
        await scheduler.DisposeAsync();
        var body = await worker.UntilAsync("/health/ready", (_, body) => Text(body, "status") == "degraded");
        Assert.Equal(["node 'health-worker' is cut off from its scheduler"], Reasons(body));
    }

    [Fact]
    public async Task The_hosts_own_health_page_sees_the_same_checks_by_their_tags()
    {
        await using var host = await WebHost.StartAsync(map: app =>
        {
            app.MapHealthChecks("/healthz/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
            app.MapHealthChecks("/healthz");
        });
        Assert.Equal("Healthy", await host.Http.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative)));
        await host.Services.GetRequiredService<INodeOrchestrator>().DrainAsync();
        using var response = await host.Http.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        Assert.Equal((503, "Unhealthy"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    private static async Task ExpectAsync(WebHost host, string page, int status, string health, string? reason)
    {
        var (got, body) = await host.GetAsync(page);
        Assert.Equal((status, health), (got, Text(body, "status")));
        if (reason is not null) Assert.Contains(reason, Reasons(body));
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static string[] Reasons(JsonElement body) => [.. body.GetProperty("checks").EnumerateArray().SelectMany(check => check.GetProperty("reasons").EnumerateArray()).Select(reason => reason.GetString()!)];
}
