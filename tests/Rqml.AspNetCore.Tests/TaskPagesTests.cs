using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace Rqml.AspNetCore.Tests;

public sealed class TaskPagesTests
{
    private static readonly TaskClass<byte[], byte[]> Bytes = new("bytes");

    [Fact]
    public async Task A_task_is_submitted_and_its_status_has_the_result_once_it_is_settled()
    {
        await using var host = await WebHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/tasks?class=square-root&priority=5&partition_key=a", UriKind.Relative)) { Content = new StringContent("2", Encoding.UTF8, "application/json") };
        using var response = await host.Http.SendAsync(request);
        Assert.Equal(202, (int)response.StatusCode);
        var body = await host.UntilAsync(response.Headers.Location!.ToString(), (_, body) => body.GetProperty("state").GetString() == "settled");
        var result = body.GetProperty("result");
        Assert.Equal(("converged", "square-root", 5, "a"), (body.GetProperty("outcome").GetString(), body.GetProperty("class").GetString(), body.GetProperty("priority").GetInt32(), body.GetProperty("partition_key").GetString()));
        Assert.Equal(Math.Sqrt(2), result.GetProperty("artifact").GetDouble(), 9);
        Assert.Equal(("newton", JsonValueKind.Null), (result.GetProperty("model").GetString(), result.GetProperty("artifact_base64").ValueKind));
    }

    [Fact]
    public async Task A_class_that_does_not_write_json_takes_bytes_and_gives_base_64()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.AddTaskClass(Bytes, bytes => bytes.AddModel("reverse", (task, _) => new((byte[])[.. task.Payload.Reverse()])).ConvergeWhenAll(Stability.Over(2))));
        var (status, body) = await host.SendAsync(HttpMethod.Post, "/tasks?class=bytes", "abc", "application/octet-stream");
        Assert.Equal(202, status);
        body = await host.UntilAsync($"/tasks/{body.GetProperty("id").GetString()}", (_, body) => body.GetProperty("state").GetString() == "settled");
        Assert.Equal("cba"u8.ToArray(), body.GetProperty("result").GetProperty("artifact_base64").GetBytesFromBase64());
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_the_same_task_and_another_payload_is_a_conflict()
    {
        await using var host = await WebHost.StartAsync();
        var first = await host.SubmitAsync(key: "order-1");
        var (status, body) = await host.SendAsync(HttpMethod.Post, "/tasks?class=square-root", "2", key: "order-1");
        Assert.Equal((200, true, first), (status, body.GetProperty("is_existing").GetBoolean(), body.GetProperty("id").GetString()));
        await ExpectAsync(host, HttpMethod.Post, "/tasks?class=square-root", 409, "idempotency-conflict", "3", key: "order-1");
    }

    [Fact]
    public async Task A_task_is_cancelled_once()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml));
        var id = await host.SubmitAsync("1", "class=waits&keep_result=60");
        Assert.True((await host.SendAsync(HttpMethod.Post, $"/tasks/{id}/cancel")).Body.GetProperty("is_cancelled").GetBoolean());
        Assert.False((await host.SendAsync(HttpMethod.Post, $"/tasks/{id}/cancel")).Body.GetProperty("is_cancelled").GetBoolean());
        Assert.Equal("cancelled", (await host.GetAsync($"/tasks/{id}")).Body.GetProperty("outcome").GetString());
        gate.Release();
    }

    [Fact]
    public async Task Tasks_are_listed_in_the_order_of_submission_page_by_page_and_by_what_is_asked_for()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml).Configure(options => options.Lanes = 6));
        List<string> ids = [];
        for (var i = 0; i < 5; i++) ids.Add(await host.SubmitAsync("1", $"class=waits&partition_key={i}"));
        await host.SubmitAsync();
        List<string> listed = [];
        for (var next = ""; next is not null;)
        {
            var (_, page) = await host.GetAsync($"/tasks?class=waits&limit=2{next}");
            Assert.InRange(page.GetProperty("tasks").GetArrayLength(), 1, 2);
            listed.AddRange(page.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("id").GetString()!));
            next = page.GetProperty("next").GetString() is { } after ? $"&after={after}" : null;
        }

        Assert.Equal(ids, listed);
        var (_, keyed) = await host.GetAsync("/tasks?partition_key=3");
        Assert.Equal(ids[3], Assert.Single(keyed.GetProperty("tasks").EnumerateArray()).GetProperty("id").GetString());
        await host.UntilAsync("/tasks?state=settled&outcome=converged", (_, body) => body.GetProperty("tasks").GetArrayLength() == 1);
        gate.Release();
    }

    [Fact]
    public async Task The_story_tells_what_was_decided_and_why()
    {
        await using var host = await WebHost.StartAsync();
        var id = await host.SubmitAsync();
        var body = await host.UntilAsync($"/tasks/{id}/story", (_, body) => body.GetProperty("outcome").GetString() == "converged");
        var last = body.GetProperty("steps").EnumerateArray().Last();
        Assert.Equal(("newton", "accept"), (last.GetProperty("model").GetString(), last.GetProperty("action").GetString()));
        Assert.NotEmpty(last.GetProperty("reason").GetString()!);
    }

    [Fact]
    public async Task A_full_ledger_says_when_to_come_again()
    {
        var gate = new Gate();
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml).Configure(options => options.MaxOpenTasks = 1));
        await host.SubmitAsync("1", "class=waits");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/tasks?class=waits", UriKind.Relative)) { Content = new StringContent("1", Encoding.UTF8, "application/json") };
        using var response = await host.Http.SendAsync(request);
        Assert.Equal((429, TimeSpan.FromSeconds(1)), ((int)response.StatusCode, response.Headers.RetryAfter!.Delta));
        gate.Release();
    }

    [Theory]
    [InlineData("/tasks", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&prio=1", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&priority=1&priority=2", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&priority=high", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&deadline=1e300", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&deadline=NaN", "2", 400, "invalid-request")]
    [InlineData("/tasks?class=square-root&priority=1001", "2", 400, "invalid-options")]
    [InlineData("/tasks?class=square-root&deadline=-1", "2", 400, "invalid-options")]
    [InlineData("/tasks?class=square-root&iterations=0", "2", 400, "invalid-options")]
    [InlineData("/tasks?class=cube-root", "2", 404, "unknown-task-class")]
    [InlineData("/tasks?class=square-root&version=2", "2", 404, "unknown-task-class")]
    [InlineData("/tasks?class=square-root", "{\"a\":", 400, "unreadable-payload")]
    [InlineData("/tasks?class=square-root", "\"two\"", 400, "unreadable-payload")]
    [InlineData("/tasks?class=square-root", "2 3", 400, "unreadable-payload")]
    [InlineData("/tasks?class=square-root", "", 400, "unreadable-payload")]
    public async Task A_submission_that_is_none_is_refused_with_problem_details(string path, string payload, int status, string type)
    {
        await using var host = await WebHost.StartAsync();
        await ExpectAsync(host, HttpMethod.Post, path, status, type, payload);
        Assert.Equal(0, (await host.GetAsync("/tasks")).Body.GetProperty("tasks").GetArrayLength());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task A_payload_of_another_type_is_refused(string type)
    {
        await using var host = await WebHost.StartAsync();
        await ExpectAsync(host, HttpMethod.Post, "/tasks?class=square-root", 415, "unsupported-media-type");
        await ExpectAsync(host, HttpMethod.Post, "/tasks?class=square-root", 415, "unsupported-media-type", "2", type);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/story")]
    [InlineData("POST", "/cancel")]
    public async Task An_id_that_is_none_is_refused_and_one_that_nobody_knows_is_not_found(string method, string page)
    {
        await using var host = await WebHost.StartAsync();
        foreach (var id in new[] { "1", "019A0000-0000-7000-8000-00000000000F", "019a0000-0000-4000-8000-00000000000f", "%20019a0000-0000-7000-8000-00000000000f", "{019a0000-0000-7000-8000-00000000000f}", "..%2f..%2fetc%2fpasswd", new string('a', 2_000) })
        {
            await ExpectAsync(host, new HttpMethod(method), $"/tasks/{id}{page}", 400, "invalid-request");
        }

        await ExpectAsync(host, new HttpMethod(method), $"/tasks/019a0000-0000-7000-8000-00000000000f{page}", 404, "unknown-task");
    }

    [Fact]
    public async Task A_node_that_takes_no_tasks_says_so()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.JoinScheduler("inproc://nobody").Roles(Hosting.NodeRoles.Worker));
        await ExpectAsync(host, HttpMethod.Get, "/tasks", 409, "wrong-role");
        await ExpectAsync(host, HttpMethod.Post, "/tasks?class=square-root", 409, "wrong-role", "2");
    }

    [Fact]
    public async Task A_ledger_that_is_lost_says_so()
    {
        await using var host = await WebHost.StartAsync();
        host.Node.Loop.Failed!(new InvalidOperationException("secret"));
        await ExpectAsync(host, HttpMethod.Post, "/tasks?class=square-root", 503, "ledger-lost", "2");
        await ExpectAsync(host, HttpMethod.Get, "/tasks/019a0000-0000-7000-8000-00000000000f", 503, "ledger-lost");
    }

    [Fact]
    public async Task Tasks_are_served_only_where_they_were_mapped()
    {
        await using var host = await WebHost.StartAsync(map: app => app.MapRqml());
        using var response = await host.Http.GetAsync(new Uri("/tasks", UriKind.Relative));
        Assert.Equal(404, (int)response.StatusCode);
    }

    private static async Task ExpectAsync(WebHost host, HttpMethod method, string path, int status, string type, string? body = null, string contentType = "application/json", string? key = null)
    {
        var (got, problem) = await host.SendAsync(method, path, body, contentType, key);
        Assert.Equal((status, $"urn:rqml:problem:{type}"), (got, problem.GetProperty("type").GetString()));
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.DoesNotContain(" at Rqml", problem.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
    }
}
