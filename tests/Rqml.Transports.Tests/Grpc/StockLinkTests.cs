using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Rqml.Messaging;
using Rqml.Transports.Grpc;
using Rqml.Transports.Grpc.Links;

namespace Rqml.Transports.Tests.Grpc;

/// <summary>A link with a program at its other end that has nothing but link.proto.</summary>
public sealed class StockLinkTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Blocks_go_both_ways_and_each_end_may_close()
    {
        await using var node = await Listening.BeginAsync();
        using var call = new V1.Fabric.FabricClient(node.Channel).Link(deadline: Soon());
        Assert.NotNull((await call.ResponseHeadersAsync).Get("rqml-link"));
        await using var link = await node.AcceptAsync();
        foreach (var length in new[] { 0, 1, 127, 128, 65_536, LinkMethod.MaxBlockBytes })
        {
            var data = new byte[length];
            new Random(length).NextBytes(data);
            var receiving = ReceiveAsync(link);      // the longest is as long as a window: it takes a reader to be sent
            await call.RequestStream.WriteAsync(new V1.Block { Data = ByteString.CopyFrom(data) });
            using (var block = await receiving) Assert.True(data.AsSpan().SequenceEqual(block.Bytes.ToArray()));

            var reading = call.ResponseStream.MoveNext(CancellationToken.None);
            await link.SendBlockAsync(new ReadOnlySequence<byte>(data), CancellationToken.None);
            Assert.True(await reading);
            Assert.True(data.AsSpan().SequenceEqual(call.ResponseStream.Current.Data.Span));
        }

        await call.RequestStream.CompleteAsync();
        await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAsync(link));
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task A_node_that_closes_ends_the_call_in_good_order()
    {
        await using var node = await Listening.BeginAsync();
        using var call = new V1.Fabric.FabricClient(node.Channel).Link(deadline: Soon());
        await using (var link = await node.AcceptAsync()) await link.SendBlockAsync(new ReadOnlySequence<byte>([1, 2, 3]), CancellationToken.None);

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.False(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_block_over_the_bound_is_refused_before_it_is_read()
    {
        await using var node = await Listening.BeginAsync();
        using var call = new V1.Fabric.FabricClient(node.Channel).Link(deadline: Soon());
        await using var link = await node.AcceptAsync();
        var receiving = ReceiveAsync(link);
        var sending = call.RequestStream.WriteAsync(new V1.Block { Data = ByteString.CopyFrom(new byte[LinkMethod.MaxBlockBytes + 1]) });

        await Assert.ThrowsAsync<LinkClosedException>(() => receiving);
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => EndedAsync(sending, call));
    }

    [Fact]
    public async Task What_is_no_message_ends_the_call_with_its_reason()
    {
        await using var node = await Listening.BeginAsync();
        var raw = Marshallers.Create(bytes => bytes, bytes => bytes);
        using var call = node.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(new Method<byte[], byte[]>(MethodType.DuplexStreaming, "rqml.v1.Fabric", "Link", raw, raw), null, new CallOptions(deadline: Soon()));
        await using var link = await node.AcceptAsync();
        var receiving = ReceiveAsync(link);
        await call.RequestStream.WriteAsync([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x01]);

        Assert.True((await Assert.ThrowsAsync<LinkClosedException>(() => receiving)).IsViolation);
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
    }

    [Fact]
    public async Task A_caller_that_vanishes_is_a_closed_link()
    {
        await using var node = await Listening.BeginAsync();
        var call = new V1.Fabric.FabricClient(node.Channel).Link(deadline: Soon());
        await using var link = await node.AcceptAsync();
        var receiving = ReceiveAsync(link);
        call.Dispose();

        await Assert.ThrowsAsync<LinkClosedException>(() => receiving);
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.SendBlockAsync(new ReadOnlySequence<byte>([1]), CancellationToken.None));
    }

    /// <summary>Random bytes, and the beginnings of frames: the link is closed, and its node takes tasks as before.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(100_000)]
    public async Task Garbage_costs_its_link_and_not_the_node(int length)
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var garbage = new byte[length];
        new Random(length).NextBytes(garbage);
        using var call = new V1.Fabric.FabricClient(host.Channel).Link(deadline: Soon());
        await call.ResponseHeadersAsync;
        await call.RequestStream.WriteAsync(new V1.Block { Data = ByteString.CopyFrom(garbage) });
        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(CancellationToken.None)) { }

        var task = await host.Rqml.SubmitAsync(Counting.Class, 2);
        Assert.Equal(2, (await task.Completion.WaitAsync(Limit)).Artifact);
    }

    internal static GrpcChannel ChannelTo(Uri address) =>
        GrpcChannel.ForAddress($"http://{address.Host}:{address.Port}", new GrpcChannelOptions { MaxSendMessageSize = null, MaxReceiveMessageSize = null });

    private static async Task EndedAsync(Task sending, AsyncDuplexStreamingCall<V1.Block, V1.Block> call)
    {
        await sending.WaitAsync(Limit);
        await call.RequestStream.WriteAsync(new V1.Block());
    }

    private static DateTime Soon() => DateTime.UtcNow + Limit;

    private static Task<Messaging.Block> ReceiveAsync(ILink link) => link.ReceiveBlockAsync(CancellationToken.None).AsTask().WaitAsync(Limit);

    /// <summary>A listener, and a channel to it of another program.</summary>
    private sealed class Listening(GrpcTransport transport, IListener listener) : IAsyncDisposable
    {
        public GrpcChannel Channel { get; } = ChannelTo(listener.Address);

        public static async Task<Listening> BeginAsync()
        {
            var transport = new GrpcTransport(new GrpcOptions());
            return new Listening(transport, await transport.ListenAsync(new Uri("grpc://127.0.0.1:0/"), CancellationToken.None));
        }

        public Task<ILink> AcceptAsync() => listener.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(Limit);

        public async ValueTask DisposeAsync()
        {
            Channel.Dispose();
            await listener.DisposeAsync();
            await transport.DisposeAsync();
        }
    }
}
