using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Rqml.Storage.Etcd.Tests.Answers;

/// <summary>A server that speaks gRPC and says whatever a test wants, also what etcd never says.</summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeEtcd(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <param name="answer">Answers a call; the path is that of the method, such as <c>/etcdserverpb.KV/Range</c>.</param>
    public static async Task<FakeEtcd> StartAsync(Func<FakeCall, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await answer(new FakeCall(context));
        });
        await app.StartAsync();
        return new FakeEtcd(app);
    }

    public EtcdCoordinationStore Open(Action<EtcdOptions>? configure = null)
    {
        var options = new EtcdOptions { Endpoints = Address, RequestTimeout = TimeSpan.FromSeconds(30) };
        configure?.Invoke(options);
        return new EtcdCoordinationStore(options);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

/// <summary>One call that came to a fake server.</summary>
internal sealed class FakeCall(HttpContext context)
{
    private const int HeaderBytes = 5;      // whether compressed, and the length

    public HttpContext Context => context;

    public string Method => context.Request.Path.Value!.Split('/')[^1];

    public CancellationToken Aborted => context.RequestAborted;

    public async Task<T> AskedAsync<T>(MessageParser<T> parser)
        where T : IMessage<T>
    {
        var header = new byte[HeaderBytes];
        await context.Request.Body.ReadExactlyAsync(header);
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await context.Request.Body.ReadExactlyAsync(message);
        return parser.ParseFrom(message);
    }

    public async Task SayAsync(IMessage message)
    {
        var bytes = message.ToByteArray();
        await SayAsync(bytes, bytes.Length);
    }

    /// <param name="bytes">What comes.</param>
    /// <param name="length">What is announced.</param>
    /// <param name="flag">Whether it is compressed, or anything.</param>
    public async Task SayAsync(byte[] bytes, int length, byte flag = 0)
    {
        var header = new byte[HeaderBytes];
        header[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(1), length);
        await context.Response.Body.WriteAsync(header);
        await context.Response.Body.WriteAsync(bytes);
        await context.Response.Body.FlushAsync();
    }

    public void End(int status = 0, string detail = "")
    {
        context.Response.AppendTrailer("grpc-status", $"{status}");
        if (detail.Length > 0) context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(detail));
    }
}
