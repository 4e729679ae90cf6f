using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Storage;

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

    [Theory]
    [InlineData(NodeRoles.Worker)]
    [InlineData(NodeRoles.Client)]
    public async Task A_node_that_no_scheduler_has_welcomed_lives_and_is_not_ready(NodeRoles roles)
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.JoinScheduler("inproc://nobody").Roles(roles));
        await ExpectAsync(host, "/health/ready", 503, "unhealthy", "node 'local' has not been welcomed by a scheduler yet");
        await ExpectAsync(host, "/health/live", 200, "healthy", null);
    }

    /// <summary>A host may start its services side by side: then its pages are there before its node.</summary>
    [Fact]
    public async Task A_node_that_still_opens_its_store_is_not_ready_and_takes_no_tasks()
    {
        var store = new SlowStore();
        await using var app = WebHost.Build(rqml => rqml.UseStore("slow", _ => store), services => services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true));
        var starting = app.StartAsync();
        using var http = new HttpClient();
        while (app.Urls.All(url => url.EndsWith(":0", StringComparison.Ordinal)) || app.Urls.Count == 0) await Task.Yield();
        http.BaseAddress = new Uri(app.Urls.First());

        using var health = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var tasks = await http.GetAsync(new Uri("/tasks", UriKind.Relative));
        Assert.Equal((503, 503), ((int)health.StatusCode, (int)tasks.StatusCode));
        Assert.Contains("the host has not started yet", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        store.Open();
        await starting.WaitAsync(TimeSpan.FromSeconds(30));
        using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Equal(200, (int)ready.StatusCode);
        await app.StopAsync();
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
        await host.UntilAsync("/health/live", (status, body) => status == 200 && Text(body, "status") == "healthy");
    }

    [Fact]
    public async Task Workers_that_hang_degrade_a_node_until_they_come_back()
    {
        var (gate, time) = (new Gate(), new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        await using var host = await WebHost.StartAsync(rqml => gate.AddTo(rqml, beatTimeout: TimeSpan.FromMinutes(1)), services => services.AddSingleton<TimeProvider>(time));
        await host.Client.SubmitAsync(gate.Class, 1);
        await gate.Running;
        await host.PassAsync(time, "/health/ready", (status, body) => status == 200 && Text(body, "status") == "degraded" && Reasons(body).Any(reason => reason.EndsWith("workers of node 'local' hang in their models", StringComparison.Ordinal)));
        gate.Release();
        await host.PassAsync(time, "/health/ready", (_, body) => Text(body, "status") == "healthy");
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

    [Theory]
    [InlineData(NodeRoles.Worker)]
    [InlineData(NodeRoles.Client)]
    [InlineData(NodeRoles.Client | NodeRoles.Worker)]
    public async Task A_node_that_is_cut_off_from_its_scheduler_is_degraded_until_it_is_there_again(NodeRoles roles)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var leader = $"health-leader-{(int)roles}";
        var scheduler = await StartLeaderAsync();
        await using var node = await WebHost.StartAsync(
            rqml => rqml.AddInProcess().JoinScheduler($"inproc://{leader}").Roles(roles).Configure(options => options.NodeName = $"health-{(int)roles}"),
            services => services.AddSingleton<TimeProvider>(time));
        await node.PassAsync(time, "/health/ready", (status, body) => status == 200 && Text(body, "status") == "healthy");

        await scheduler.DisposeAsync();
        var body = await node.PassAsync(time, "/health/ready", (_, body) => Text(body, "status") == "degraded");
        Assert.StartsWith($"node 'health-{(int)roles}' is cut off from its scheduler", Assert.Single(Reasons(body)), StringComparison.Ordinal);

        await using var again = await StartLeaderAsync();
        await node.PassAsync(time, "/health/ready", (status, body) => status == 200 && Text(body, "status") == "healthy");

        Task<WebHost> StartLeaderAsync() => WebHost.StartAsync(rqml => rqml.AddInProcess().Configure(options => options.NodeName = leader));
    }

    [Fact]
    public async Task A_node_that_refuses_a_restored_coordination_store_is_degraded_until_the_generation_was_raised()
    {
        await using var store = new InMemoryCoordinationStore();
        var backup = store.TakeBackup();
        await using var host = await WebHost.StartAsync(rqml => rqml.UseCoordinationStore("memory", _ => store));
        await host.UntilAsync("/health/ready", (status, body) => status == 200 && Text(body, "status") == "healthy");

        store.Restore(backup);
        var body = await host.UntilAsync("/health/ready", (status, body) => status == 200 && Text(body, "status") == "degraded");
        Assert.StartsWith("node 'local' refuses its coordination store", Assert.Single(Reasons(body)), StringComparison.Ordinal);

        await host.Services.GetRequiredService<IRqmlAdministration>().RaiseGenerationAsync();
        await host.UntilAsync("/health/ready", (status, body) => status == 200 && Text(body, "status") == "healthy");
    }

    [Fact]
    public async Task A_listener_that_ends_by_itself_degrades_its_node()
    {
        var transport = new FallibleTransport();
        await using var host = await WebHost.StartAsync(services: services => services.AddSingleton<ITransport>(transport));
        await ExpectAsync(host, "/health/ready", 200, "healthy", null);

        transport.Break();
        var body = await host.UntilAsync("/health/ready", (status, body) => status == 200 && Text(body, "status") == "degraded");
        Assert.Equal(["node 'local' has lost a listener: other nodes cannot reach it over 'fallible'"], Reasons(body));
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

    /// <summary>A transport whose listener ends when the test says so.</summary>
    private sealed class FallibleTransport : ITransport, IListener
    {
        private readonly TaskCompletionSource<ILink> _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Scheme => "fallible";

        public TransportCapabilities Capabilities { get; } = new(TransportCapabilities.LeastMaxBlockBytes, IsLocal: true, IsEncrypted: false);

        public Uri Address { get; private set; } = null!;

        public void Break() => _accepted.TrySetException(new IOException("the network is gone"));

        public Uri AddressFor(string node, bool isOwn) => new($"{Scheme}://{node}/");

        public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
        {
            Address = address;
            return new(this);
        }

        public ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken) => throw new ConnectionRefusedException(address.AbsoluteUri);

        public ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken) => new(_accepted.Task);

        public ValueTask DisposeAsync()
        {
            _accepted.TrySetException(new TransportException(Address.AbsoluteUri, "the listener was disposed"));
            return ValueTask.CompletedTask;
        }
    }

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static string[] Reasons(JsonElement body) => [.. body.GetProperty("checks").EnumerateArray().SelectMany(check => check.GetProperty("reasons").EnumerateArray()).Select(reason => reason.GetString()!)];

    private sealed class SlowStore : IKeyValueStore
    {
        private readonly InMemoryKeyValueStore _inner = new();
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => _inner.Name;

        public void Open() => _opened.SetResult();

        public async ValueTask OpenAsync(CancellationToken cancellationToken)
        {
            await _opened.Task.WaitAsync(cancellationToken);
            await _inner.OpenAsync(cancellationToken);
        }

        public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken) => _inner.CommitAsync(batch, cancellationToken);

        public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value) => _inner.TryGet(family, key, out value);

        public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => _inner.Scan(family, prefix);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
