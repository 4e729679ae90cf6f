using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Soak.Fabric;

/// <summary>The sending process: sends so many messages on every channel, writes down what was taken, and waits until all of it is acknowledged.</summary>
internal sealed class Sender : ILinkReceiver, IDisposable
{
    public const string Word = "fabric-sender";
    private const int HeaderBytes = sizeof(long);

    private readonly MessageLog _log;
    private long _undelivered;

    public Sender(string folder) => _log = new MessageLog(folder, "sender");

    public async Task RunAsync(RealTransport transport, string folder, string receiver, long messages, TextWriter output)
    {
        var adapter = transport.Create();
        var listener = await adapter.ListenAsync(transport.NewAddress(folder, "sender"), CancellationToken.None);
        await using var links = new LinkTable(new Peer(new NodeId("sender"), new Incarnation(1), listener.Address.AbsoluteUri), [adapter], [listener], new LinkSettings(), Dispatcher.ThreadPool, new Clock(TimeProvider.System), 1, this, RqmlInstruments.OfProcess.Messaging, NullLogger.Instance);
        links.Start();
        var to = new Peer(new NodeId("receiver"), new Incarnation(2), receiver);
        await Task.WhenAll(ChannelPromise.All.Select(promise => SendAsync(links, to, promise, messages / ChannelPromise.All.Count)));
        while (links.KeptBytes() > 0) await Task.Delay(20);
        await output.WriteLineAsync(FormattableString.Invariant($"replayed {links.Replayed()} undelivered {Interlocked.Read(ref _undelivered)}"));
        await output.FlushAsync();
    }

    public void Dispose() => _log.Dispose();

    /// <summary>The number of a message, and whether the rest of it follows from that.</summary>
    public static long NumberIn(ReadOnlySequence<byte> content, out bool isWhole)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        content.Slice(0, HeaderBytes).CopyTo(bytes);
        var number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        isWhole = content.Length == LengthOf(number);
        foreach (var piece in content.Slice(HeaderBytes)) isWhole &= piece.Span.IndexOfAnyExcept((byte)number) < 0;
        return number;
    }

    /// <summary>Most are short; one in ten thousand takes several frames.</summary>
    private static int LengthOf(long number) => number % 10_000 == 0 ? 200_000 : HeaderBytes + (int)(number * 31 % 180);

    private async Task SendAsync(LinkTable links, Peer to, ChannelPromise promise, long messages)
    {
        await Task.Yield();
        var buffer = new byte[LengthOf(0)];
        for (long number = 1; number <= messages; number++)
        {
            var content = buffer.AsMemory(0, LengthOf(number));
            content.Span.Fill((byte)number);
            BinaryPrimitives.WriteInt64LittleEndian(content.Span, number);
            if (promise.WhenFull == WhenFull.Wait) await links.SendAsync(to, promise.Channel, default, new WrittenContent(content), CancellationToken.None);
            else while (!links.TrySend(to, promise.Channel, 1, default, new WrittenContent(content))) await Task.Delay(1);
            if (promise.Delivery == Delivery.AtLeastOnce) _log.Add(promise.Channel, number);
        }
    }

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message) { }

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) => Interlocked.Increment(ref _undelivered);

    void ILinkReceiver.Gone(Peer peer) { }

    void ILinkReceiver.Unreachable(Peer peer) { }

    void ILinkReceiver.SubscribersChanged() { }
}
