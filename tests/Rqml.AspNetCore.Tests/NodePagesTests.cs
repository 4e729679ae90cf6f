using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Rqml.AspNetCore.Tests;

public sealed class NodePagesTests
{
    [Fact]
    public async Task Queue_stats_tell_what_waits_at_the_node_in_the_ledger_and_at_the_scheduler()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml).Configure(options => options.Lanes = 1));
        for (var i = 0; i < 3; i++) await host.Client.SubmitAsync(gate.Class, 1);
        var body = await host.UntilAsync("/queue_stats", (_, body) => body.GetProperty("worker").GetProperty("inbound").GetProperty("waiting").GetInt32() == 2);
        var worker = body.GetProperty("worker");
        Assert.Equal("local", body.GetProperty("node").GetString());
        Assert.Equal((1, 1), (worker.GetProperty("running").GetInt32(), worker.GetProperty("lanes").GetInt32()));
        Assert.Equal(2, worker.GetProperty("inbound").GetProperty("waiting_by_class").GetProperty("waits").GetInt32());
        Assert.Equal(3, body.GetProperty("ledger").GetProperty("open").GetInt32());
        Assert.Equal(3, body.GetProperty("scheduler").GetProperty("tasks").GetInt32());
        Assert.Equal("local", body.GetProperty("scheduler").GetProperty("nodes")[0].GetProperty("node").GetString());
        gate.Release();
    }

    [Fact]
    public async Task Roles_that_the_node_has_not_are_null()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.JoinScheduler("inproc://nobody").Roles(Hosting.NodeRoles.Worker));
        var (_, body) = await host.GetAsync("/queue_stats");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null, JsonValueKind.Object), (body.GetProperty("ledger").ValueKind, body.GetProperty("scheduler").ValueKind, body.GetProperty("worker").ValueKind));
    }

    [Fact]
    public async Task Checkpoint_state_tells_from_where_unfinished_tasks_would_go_on_page_by_page()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml, freely: 2).UseRocksDb(folder.Path).Configure(options => options.Lanes = 3));
        List<string> ids = [];
        for (var i = 0; i < 3; i++) ids.Add((await host.Client.SubmitAsync(gate.Class, i)).Id.ToString());
        await host.UntilAsync("/checkpoint_state", (_, body) => body.GetProperty("tasks").EnumerateArray().Count(task => task.GetProperty("latest") is { ValueKind: JsonValueKind.Object } latest && latest.GetProperty("iteration").GetInt32() >= 1) == 3);
        var (_, first) = await host.GetAsync("/checkpoint_state?limit=2");
        var (_, second) = await host.GetAsync($"/checkpoint_state?limit=2&after={first.GetProperty("next").GetString()}");
        Assert.Equal(ids, first.GetProperty("tasks").EnumerateArray().Concat(second.GetProperty("tasks").EnumerateArray()).Select(task => task.GetProperty("task").GetString()!));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.True(first.GetProperty("is_durable").GetBoolean());
        Assert.Matches("^[0-9a-f]{64}$", first.GetProperty("tasks")[0].GetProperty("latest").GetProperty("sha256").GetString());
        gate.Release();
    }

    [Fact]
    public async Task Without_a_store_there_are_no_checkpoints()
    {
        await using var host = await WebHost.StartAsync();
        var (status, body) = await host.GetAsync("/checkpoint_state");
        Assert.Equal((200, false, 0), (status, body.GetProperty("is_durable").GetBoolean(), body.GetProperty("tasks").GetArrayLength()));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=-1")]
    [InlineData("limit=%201")]
    [InlineData("limit=many")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("after=1")]
    [InlineData("after=%20019a0000-0000-7000-8000-000000000000")]
    [InlineData("after=019A0000-0000-7000-8000-00000000000F")]
    [InlineData("after=../../etc/passwd")]
    public async Task A_page_that_is_none_is_refused_with_problem_details(string query)
    {
        await using var host = await WebHost.StartAsync();
        using var response = await host.Http.GetAsync(new Uri($"/checkpoint_state?{query}", UriKind.Relative));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((400, "urn:rqml:problem:invalid-request"), ((int)response.StatusCode, problem.GetProperty("type").GetString()));
    }
}
