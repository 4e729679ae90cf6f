using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Rqml.AspNetCore.Tests;

/// <summary>What a caller may do to a host that serves its pages to anybody: nothing but be refused.</summary>
public sealed class HostileRequestTests
{
    private static readonly string[] Pages =
    [
        "GET /metrics", "GET /health", "GET /health/live", "GET /health/ready", "GET /queue_stats", "GET /checkpoint_state",
        "POST /tasks?class=square-root", "GET /tasks", "GET /tasks/ID", "GET /tasks/ID/events", "GET /tasks/ID/story", "POST /tasks/ID/cancel",
    ];

    [Fact]
    public async Task A_body_that_is_too_long_is_refused_before_it_is_read()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.AddTaskClass(new TaskClass<byte[], byte[]>("bytes"), bytes => bytes
            .AddModel("same", (task, _) => new(task.Payload)).ConvergeWhenAll(Stability.Over(2)).Limit(payloadBytes: 1_000)));
        await using var said = new RawClient(host.Address);
        await said.SendAsync("POST /tasks?class=bytes HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", await said.ReadAsync(), StringComparison.Ordinal);

        // Chunk by chunk, and never an end: refused with the first byte beyond.
        await using var chunked = new RawClient(host.Address);
        await chunked.SendAsync("POST /tasks?class=bytes HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        await chunked.SendAsync($"3e9\r\n{new string('a', 1_001)}\r\n");
        var refused = await chunked.ReadAsync();
        Assert.StartsWith("HTTP/1.1 413", refused, StringComparison.Ordinal);
        Assert.Contains("urn:rqml:problem:payload-too-large", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_that_is_nested_without_end_is_refused()
    {
        await using var host = await WebHost.StartAsync();
        var (status, problem) = await host.SendAsync(HttpMethod.Post, "/tasks?class=square-root", new string('[', 100_000));
        Assert.Equal((400, "urn:rqml:problem:unreadable-payload"), (status, problem.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Whatever_is_asked_of_a_page_is_answered_or_refused_and_never_with_a_stack_trace()
    {
        await using var host = await WebHost.StartAsync();
        string[] tails = ["?limit=%00", "?limit=٣", "?after='%20OR%201=1", "?%00=%00", "?" + new string('a', 4_000), "?a=" + string.Join("&a=", Enumerable.Range(0, 500)), "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cwindows", "%00", "//", "/."];
        string[] headers = ["", "Last-Event-ID: %s%n\r\n", "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "Content-Type: application/json; charset=\r\n", "Accept: */*;q=x\r\n", "X-Forwarded-Prefix: //evil\r\n", $"X-Long: {new string('a', 8_000)}\r\n"];
        foreach (var page in Pages)
        {
            foreach (var tail in tails.Append(""))
            {
                foreach (var header in tail.Length == 0 ? headers : [""])
                {
                    await using var client = new RawClient(host.Address);
                    var body = page.StartsWith("POST", StringComparison.Ordinal) ? "Content-Length: 9\r\n" : "";
                    var path = page.Replace("ID", "019a0000-0000-7000-8000-00000000000f", StringComparison.Ordinal) + (page.Contains('?', StringComparison.Ordinal) ? tail.Replace('?', '&') : tail);
                    await client.SendAsync($"{path} HTTP/1.1\r\nHost: a\r\n{header}{body}Connection: close\r\n\r\n{(body.Length > 0 ? "{\"a\":[1," : "")}");
                    var answer = await client.ReadAsync();
                    var status = answer.Length < 12 ? 0 : int.Parse(answer.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
                    Assert.True(status is >= 200 and < 500, $"{page}{tail} {header}: {answer}");
                    Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
                    Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
                }
            }
        }

        Assert.Equal(200, (await host.GetAsync("/health")).Status);
    }

    [Fact]
    public async Task The_hosts_own_rate_limit_and_cors_stand_before_the_pages()
    {
        await using var host = await WebHost.StartAsync(services: services =>
        {
            services.AddRateLimiter(limits => limits.AddFixedWindowLimiter("few", few => (few.PermitLimit, few.Window) = (2, TimeSpan.FromMinutes(10))));
            services.AddCors(cors => cors.AddPolicy("shop", shop => shop.WithOrigins("https://shop.example")));
        }, map: app =>
        {
            app.UseRouting();
            app.UseCors();
            app.UseRateLimiter();
            app.MapRqml().RequireRateLimiting("few");
            app.MapRqmlTasks().RequireCors("shop");
        });
        for (var i = 0; i < 2; i++) Assert.Equal(200, (await host.GetAsync("/queue_stats")).Status);
        using var limited = await host.Http.GetAsync(new Uri("/queue_stats", UriKind.Relative));
        Assert.Equal(503, (int)limited.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/tasks", UriKind.Relative));
        request.Headers.Add("Origin", "https://shop.example");
        using var response = await host.Http.SendAsync(request);
        Assert.Equal("https://shop.example", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
    }
}
