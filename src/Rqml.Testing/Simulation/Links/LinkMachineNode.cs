using System.Buffers;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Simulation.Links;

/// <summary>One simulated machine with a table of links and nothing else: the shipped links, over the simulated network.</summary>
internal sealed class LinkMachineNode(World world, SimulatedNetwork network, LinkJudge judge, string name, LinkSettings settings) : ILinkReceiver, ILogger
{
    private readonly Dictionary<(IncomingLink, FabricChannel), long> _held = [];
    private long _number;

    public string Endpoint { get; } = $"sim://{name}/";

    public SimulatedProcess? Process { get; private set; }

    public LinkTable? Links { get; private set; }

    public Peer? Peer { get; private set; }

    public bool IsUp => Process is { IsAlive: true };

    /// <summary>What it is about when a fault strikes.</summary>
    public bool HasHeld => _held.Values.Any(bytes => bytes > 0);

    public void Start()
    {
        var process = new SimulatedProcess(world, world.NextProcess(), TimeSpan.FromMinutes(world.Draw(60)));
        Process = process;
        _held.Clear();
        Peer = new Peer(new NodeId(name), new Incarnation(world.NextSeed() | 1), Endpoint);
        world.Enqueue(process, () =>
        {
            Links = new LinkTable(
                Peer, [network.For(process, Endpoint)], [network.Listen(process, Endpoint)], settings, process, new Clock(process.Time), world.NextSeed(), this, RqmlInstruments.OfProcess.Messaging, this);
            Links.Start();
        });
    }

    public void Kill()
    {
        judge.Died(Peer!.Incarnation);
        Process!.Kill();
        network.Drop(Process);
        Links = null;
    }

    /// <summary>Sends one message, if there is room.</summary>
    public void Send(LinkMachineNode to, FabricChannel channel, int length)
    {
        if (!IsUp || Links is not { } links) return;
        world.Enqueue(Process!, () =>
        {
            if (Links != links) return;
            var message = new SentMessage(Peer!.Incarnation, to.Peer!.Node, channel, ++_number, length);
            if (links.TrySend(to.Peer!, channel, 1, default, new WrittenContent(message.Content()))) judge.Sent(message);
            world.Tell($"{name}/{Peer.Incarnation} sends {message.Number} on {channel} to {to.Peer} ({length} bytes)");
        });
    }

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message)
    {
        world.Tell($"{name}/{Peer!.Incarnation} gets {System.Buffers.Binary.BinaryPrimitives.ReadInt64LittleEndian(message.Content.ToArray())} on {message.Channel} from {message.From}");
        judge.Came(Peer!.Incarnation, message.Channel, message.From, message.Content.ToArray());
        if (message.OwedBytes == 0) return;
        var (channel, bytes, key) = (message.Channel, message.OwedBytes, (link, message.Channel));
        _held[key] = _held.GetValueOrDefault(key) + bytes;
        judge.Holds(channel, _held[key], settings);
        var timer = new SimulatedTimer(world, Process!, _ => UseUp(link, channel, bytes), null);
        timer.Change(TimeSpan.FromMilliseconds(world.Chance(0.02) ? world.Draw(1_000) : world.Draw(3)), Timeout.InfiniteTimeSpan);
    }

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) => judge.HandedBack(content.ToArray());

    void ILinkReceiver.Gone(Peer peer) => world.Tell($"{name} hears that {peer} is gone");

    void ILinkReceiver.Unreachable(Peer peer) => world.Tell($"{name} hears that {peer} cannot be reached");

    void ILinkReceiver.SubscribersChanged() { }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Tell($"{name} logs: {formatter(state, exception)}");
        var fault = (state as IReadOnlyList<KeyValuePair<string, object?>>)?.FirstOrDefault(part => part.Key == "Fault").Value;
        if (fault is not null || exception is not null) judge.Logged(fault as LinkFault?, exception);      // that a link is up or down is no complaint
    }

    private void UseUp(IncomingLink link, FabricChannel channel, int bytes)
    {
        _held[(link, channel)] -= bytes;
        link.Consumed(channel, bytes);
    }
}
