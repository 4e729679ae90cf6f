using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Transports.Grpc;
using Rqml.V1;

namespace Rqml.Transports.Tests.Grpc;

/// <summary>Nodes inside web applications, whose servers take their links.</summary>
public sealed class SharedServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Two_web_applications_are_one_cluster_and_end_in_good_order()
    {
        var port = FreePort.Next();
        await using var submitter = Build(port, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler));
        await using var worker = Build(FreePort.Next(), rqml => rqml.Roles(NodeRoles.Worker).JoinScheduler($"grpc://127.0.0.1:{port}/").Configure(options => options.NodeName = "worker"), services => services.AddRqmlGrpcReceiveBuffers());
        await submitter.StartAsync();
        await worker.StartAsync();
        using var channel = StockLinkTests.ChannelTo(new Uri($"http://127.0.0.1:{port}"));
        var client = new RqmlNode.RqmlNodeClient(channel);
        var submitted = await client.SubmitAsync(new SubmitRequest { TaskClass = "count", Payload = ByteString.CopyFromUtf8("3") });
        using var watching = client.Watch(new WatchRequest { TaskId = submitted.TaskId }, deadline: DateTime.UtcNow + Limit);
        Result? result = null;
        while (await watching.ResponseStream.MoveNext(CancellationToken.None)) result = watching.ResponseStream.Current.Result;

        Assert.Equal(("worker", "3"), (result!.Node, result.Artifact.ToStringUtf8()));
        await worker.StopAsync().WaitAsync(Limit);
        await submitter.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task The_servers_other_endpoints_are_as_they_were()
    {
        var port = FreePort.Next();
        await using var app = Build(port);
        app.MapGet("/hello", () => "hello");
        await app.StartAsync();
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        Assert.Equal("hello", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/hello")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Links_from_other_machines_are_refused_in_the_clear_unless_that_is_allowed(bool isAllowed)
    {
        var port = FreePort.Next();
        await using var app = Build(port, rqml => rqml.Configure(options => options.AllowPlaintext = isAllowed), before: app => app.Use((context, next) =>
        {
            context.Connection.LocalIpAddress = IPAddress.Parse("192.0.2.1");      // as if it came in by another interface
            return next(context);
        }));
        await app.StartAsync();
        await using var transport = new GrpcTransport(new GrpcOptions());
        var address = new Uri($"grpc://127.0.0.1:{port}/");

        if (isAllowed) await (await transport.ConnectAsync(address, CancellationToken.None)).DisposeAsync();
        else Assert.Contains("AllowPlaintext", (await Assert.ThrowsAsync<TransportException>(async () => await transport.ConnectAsync(address, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    /// <summary>The server still answers, and says that its node is gone: that is as good as a machine's word.</summary>
    [Fact]
    public async Task A_node_that_has_stopped_before_its_server_refuses_links()
    {
        var port = FreePort.Next();
        await using var app = Build(port);
        await app.StartAsync();
        await using var transport = new GrpcTransport(new GrpcOptions());
        var address = new Uri($"grpc://127.0.0.1:{port}/");
        await using (await transport.ConnectAsync(address, CancellationToken.None)) { }
        await app.Services.GetRequiredService<RqmlHost>().StopAsync(CancellationToken.None);

        await Assert.ThrowsAsync<ConnectionRefusedException>(async () => await transport.ConnectAsync(address, CancellationToken.None));
    }

    [Fact]
    public async Task A_watcher_does_not_keep_the_host_from_stopping()
    {
        var port = FreePort.Next();
        await using var app = Build(port, rqml => rqml.Configure(options => options.DrainTimeout = TimeSpan.Zero));
        await app.StartAsync();
        using var channel = StockLinkTests.ChannelTo(new Uri($"http://127.0.0.1:{port}"));
        var client = new RqmlNode.RqmlNodeClient(channel);
        var id = (await client.SubmitAsync(new SubmitRequest { TaskClass = "count", Payload = ByteString.CopyFromUtf8("-1") })).TaskId;
        using var watching = client.Watch(new WatchRequest { TaskId = id });
        var next = watching.ResponseStream.MoveNext(CancellationToken.None);
        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(15));

        await Assert.ThrowsAsync<RpcException>(() => next);
    }

    [Fact]
    public async Task Conventions_concern_the_service_and_not_links()
    {
        var port = FreePort.Next();
        await using var app = Build(port, map: false);
        app.MapRqmlGrpc().Add(endpoint => endpoint.RequestDelegate = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        await app.StartAsync();
        using var channel = StockLinkTests.ChannelTo(new Uri($"http://127.0.0.1:{port}"));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await new RqmlNode.RqmlNodeClient(channel).NodeReportAsync(new NodeReportRequest()));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);

        await using var transport = new GrpcTransport(new GrpcOptions());
        await using var link = await transport.ConnectAsync(new Uri($"grpc://127.0.0.1:{port}/"), CancellationToken.None);
    }

    [Fact]
    public async Task A_host_that_does_not_name_its_servers_port_does_not_start()
    {
        await using var app = Build(0);

        var error = await Assert.ThrowsAsync<TransportException>(() => app.StartAsync());
        Assert.Contains("GrpcOptions.Listen", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Further_nodes_of_a_host_whose_server_is_shared_are_refused_at_the_start()
    {
        await using var app = Build(FreePort.Next(), rqml => rqml.AddNode("further"));

        await Assert.ThrowsAsync<TransportException>(() => app.StartAsync());
    }

    [Fact]
    public async Task Mapping_what_was_not_added_says_what_to_add()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRqml(rqml => rqml.AddCounting());
        await using var app = builder.Build();

        Assert.Contains("AddGrpc", Assert.Throws<InvalidOperationException>(() => app.MapRqmlGrpc()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Receive_buffers_are_of_64_KiB_and_come_back()
    {
        var services = new ServiceCollection().AddRqmlGrpcReceiveBuffers().AddRqmlGrpcReceiveBuffers();
        using var pool = Assert.Single(services.BuildServiceProvider().GetServices<IMemoryPoolFactory<byte>>()).Create();
        var first = pool.Rent();
        var memory = first.Memory;
        Assert.Equal(64 << 10, memory.Length);
        first.Dispose();
        first.Dispose();

        using var second = pool.Rent(4_096);
        using var third = pool.Rent(64 << 10);
        Assert.True(memory.Equals(second.Memory));
        Assert.False(memory.Equals(third.Memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent((64 << 10) + 1));
    }

    private static WebApplication Build(int port, Action<IRqmlBuilder>? configure = null, Action<IServiceCollection>? services = null, bool map = true, Action<WebApplication>? before = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddCounting().AddGrpc(grpc => grpc.Listen = $"grpc://127.0.0.1:{port}");
            configure?.Invoke(rqml);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        before?.Invoke(app);
        if (map) app.MapRqmlGrpc();
        return app;
    }
}
