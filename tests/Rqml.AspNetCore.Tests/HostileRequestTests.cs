using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Rqml.AspNetCore.Tasks;

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
        await using var said = new Client(host.Address);
        await said.SendAsync("POST /tasks?class=bytes HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413", await said.ReadAsync(), StringComparison.Ordinal);

        // Chunk by chunk, and never an end: refused with the first byte beyond.
        await using var chunked = new Client(host.Address);
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
                    await using var client = new Client(host.Address);
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
    public async Task Hundreds_of_readers_that_read_nothing_cost_a_bounded_memory_and_hold_up_nobody()
    {
        const int readers = 300;
        var large = new TaskClass<int, string>("large");
        var made = 0;
        await using var host = await WebHost.StartAsync(rqml => rqml
            .AddHttpEndpoints(http => http.MaxEventStreams = readers / 2)
            .AddTaskClass(large, @class => @class
                .AddModel("fills", async (task, cancellationToken) =>
                {
                    Interlocked.Increment(ref made);
                    await Task.Delay(5, cancellationToken);
                    return $"{task.Iteration} {new string('x', 20_000)}";
                })
                .ConvergeWhenAll(Stability.Over(2)).Limit(iterations: 400)));
        var id = await host.SubmitAsync("1", "class=large");
        var clients = new List<Client>();
        for (var i = 0; i < readers; i++)
        {
            var client = new Client(host.Address);
            clients.Add(client);
            await client.SendAsync($"GET /tasks/{id}/events?artifacts=true HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        // All that none of them reads is 400 × 20 KB for each: 1.2 GB. What is held is a window and the socket's buffers.
        await host.UntilAsync($"/tasks/{id}", (_, body) => body.GetProperty("state").GetString() == "settled");
        Assert.True(made >= 400, $"{made} iterations");
        Assert.InRange(host.Services.GetRequiredService<EventStreams>().Open, 0, readers / 2);
        GC.Collect();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 200L << 20);
        Assert.Equal(200, (await host.GetAsync("/health")).Status);
        var answers = await Task.WhenAll(clients.Select(client => client.ReadStatusAsync()));
        Assert.All(answers, status => Assert.Contains(status, new[] { 200, 429 }));
        Assert.Contains(429, answers);
        foreach (var client in clients) await client.DisposeAsync();
        for (var tries = 0; host.Services.GetRequiredService<EventStreams>().Open > 0; tries++)
        {
            Assert.True(tries < 200, "streams of readers that have gone are still open");
            await Task.Delay(50);
        }
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

    /// <summary>A caller that says whatever it likes.</summary>
    private sealed class Client : IAsyncDisposable
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

        private readonly TcpClient _tcp = new() { ReceiveBufferSize = 4_096 };
        private readonly Uri _address;

        public Client(Uri address) => _address = address;

        public async Task SendAsync(string text)
        {
            if (!_tcp.Connected) await _tcp.ConnectAsync(IPAddress.Loopback, _address.Port);
            try
            {
                await _tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));
            }
            catch (IOException)
            {
                // It has been refused already; what it says is read below.
            }
        }

        /// <summary>All that comes until the server says no more for a while, or closes.</summary>
        public async Task<string> ReadAsync()
        {
            var text = new StringBuilder();
            var buffer = new byte[65_536];
            using var limit = new CancellationTokenSource(Limit);
            try
            {
                while (await _tcp.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var read)
                {
                    text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                    if (text.Length > 12 && text.ToString().Contains("\r\n0\r\n\r\n", StringComparison.Ordinal)) break;
                    limit.CancelAfter(TimeSpan.FromSeconds(2));
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // Closed in the middle, or silent: what has come is the answer.
            }

            return text.ToString();
        }

        public async Task<int> ReadStatusAsync()
        {
            var buffer = new byte[12];
            using var limit = new CancellationTokenSource(Limit);
            await _tcp.GetStream().ReadExactlyAsync(buffer, limit.Token);
            return int.Parse(Encoding.UTF8.GetString(buffer)[9..], System.Globalization.CultureInfo.InvariantCulture);
        }

        public ValueTask DisposeAsync()
        {
            _tcp.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
