using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Soak.Fabric;

/// <summary>The receiving process: writes down what comes until its input ends.</summary>
internal sealed class Receiver : ILinkReceiver, IDisposable
{
    public const string Word = "fabric-receiver";

    private readonly MessageLog _log;
    private readonly Dictionary<FabricChannel, long> _newest = [];
    private long _count;
    private long _wrong;

    public Receiver(string folder) => _log = new MessageLog(folder, "receiver");

    public async Task RunAsync(RealTransport transport, string folder, TextReader commands, TextWriter output)
    {
        var adapter = transport.Create();
        var listener = await adapter.ListenAsync(transport.NewAddress(folder, "receiver"), CancellationToken.None);
        await using (var links = new LinkTable(new Peer(new NodeId("receiver"), new Incarnation(2), listener.Address.AbsoluteUri), [adapter], [listener], new LinkSettings(), Dispatcher.ThreadPool, new Clock(TimeProvider.System), 2, this, RqmlInstruments.OfProcess.Messaging, NullLogger.Instance))
        {
            links.Start();
            await output.WriteLineAsync(listener.Address.AbsoluteUri);
            await output.FlushAsync();
            await commands.ReadLineAsync();
        }

        await output.WriteLineAsync(FormattableString.Invariant($"received {_count} wrong {_wrong}"));
        await output.FlushAsync();
    }

    /// <summary>How many messages were not what was sent, or older than one before where only the latest counts: by the last words of the process.</summary>
    public static long WrongIn(string words) => words.Split(' ') is ["received", _, "wrong", var wrong] ? long.Parse(wrong, CultureInfo.InvariantCulture) : throw new FormatException($"The receiver said '{words}'.");

    public void Dispose() => _log.Dispose();

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message)
    {
        var number = Sender.NumberIn(message.Content, out var isWhole);
        if (!isWhole) _wrong++;
        if (ChannelPromise.Of(message.Channel).Delivery == Delivery.AtLeastOnce) _log.Add(message.Channel, number);
        else if (number <= _newest.GetValueOrDefault(message.Channel)) _wrong++;
        else _newest[message.Channel] = number;
        _count++;
        link.Consumed(message.Channel, message.OwedBytes);
    }

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) { }

    void ILinkReceiver.Gone(Peer peer) { }

    void ILinkReceiver.Unreachable(Peer peer) { }

    void ILinkReceiver.SubscribersChanged() { }
}
