using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Tests;

/// <summary>A web application with a node inside, at a port of its own.</summary>
internal sealed class WebHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static readonly TaskClass<double, double> Root = new("square-root");

    private readonly WebApplication _app;
    private FakeTimeProvider? _time;      // that the test lets pass

    private WebHost(WebApplication app) => _app = app;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { MaxConnectionsPerServer = 4_096 }) { Timeout = Limit };

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public IServiceProvider Services => _app.Services;

    public IRqmlClient Client => _app.Services.GetRequiredService<IRqmlClient>();

    public NodeRuntime Node => _app.Services.GetRequiredService<RqmlHost>().Main;

    /// <summary>A host with one class, which takes square roots, and its pages.</summary>
    /// <param name="rqml">What else its node has.</param>
    /// <param name="services">What else the host has.</param>
    /// <param name="map">Maps the pages; null: <c>MapRqml()</c> and <c>MapRqmlTasks()</c>.</param>
    public static async Task<WebHost> StartAsync(Action<IRqmlBuilder>? rqml = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null)
    {
        var host = new WebHost(Build(rqml, services, map));
        await host._app.StartAsync();
        host.Http.BaseAddress = host.Address;
        return host;
    }

    public static WebApplication Build(Action<IRqmlBuilder>? rqml = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        services?.Invoke(builder.Services);
        builder.Services.AddRqml(node =>
        {
            node.AddTaskClass(Root, root => root.AddModel("newton", (task, _) => new(task.HasArtifact ? (task.Artifact + task.Payload / task.Artifact) / 2 : task.Payload)).ConvergeWhenAll(Stability.Over(2)));
            node.AddHttpEndpoints();
            rqml?.Invoke(node);
        });
        var app = builder.Build();
        if (map is not null)
        {
            map(app);
            return app;
        }

        app.MapRqml();
        app.MapRqmlTasks();
        return app;
    }

    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Submits a square root, and gives its id.</summary>
    public async Task<string> SubmitAsync(string payload = "2", string query = "class=square-root", string? key = null)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, $"/tasks?{query}", payload, key: key);
        Assert.True(status is 200 or 202, $"{status} {body}");
        return body.GetProperty("id").GetString()!;
    }

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string? key = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(type));
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Asks until the answer is as it should be; what comes last is in the error.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<int, JsonElement, bool> holds)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var (status, body) = await GetAsync(path);
            if (holds(status, body)) return body;
            if (limit.IsCancellationRequested) throw new TimeoutException($"{path} still says {status} {body}");
            await Task.Delay(50);
        }
    }

    /// <summary>Lets the host's own time pass until the answer is as it should be.</summary>
    public async Task<JsonElement> PassAsync(FakeTimeProvider time, string path, Func<int, JsonElement, bool> holds)
    {
        _time = time;
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var (status, body) = await GetAsync(path);
            if (holds(status, body)) return body;
            if (limit.IsCancellationRequested) throw new TimeoutException($"{path} still says {status} {body}");
            time.Advance(TimeSpan.FromMilliseconds(100));      // well below what a node takes for a machine that was asleep
        }
    }

    /// <summary>Until whoever runs the task has heard that its iterations are followed: the ledger tells the scheduler, and that the node, each before it answers us.</summary>
    public async Task UntilWatchedAsync(string id)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await Node.Ledger!.AskAsync(ledger => ledger.FindOpen(TaskId.Parse(id)) is { Watched: true }))
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"nobody follows {id}");
            await Task.Delay(5);
        }

        await Node.Scheduler!.GetStatisticsAsync();
        await Node.Node!.GetQueuesAsync();
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        var disposing = _app.DisposeAsync().AsTask();
        while (!disposing.IsCompleted && _time is not null)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));      // a stop may wait for time to pass, as of a worker that is to start again
            await Task.Yield();
        }

        await disposing;
    }
}
