using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Benchmarks.Messaging;

/// <summary>
/// The other process: takes numbered messages over a raw connection and over links, looks that none is missing, and answers the last of each batch, or each, with its number. A
/// message begins with its number, and with whether it is to be answered.
/// </summary>
internal sealed class Echo
{
    public const string Word = "fabric-echo";
    public const int HeaderBytes = 9;

    private long _last;

    /// <param name="wire">The transport.</param>
    /// <param name="folder">Where sockets may lie.</param>
    /// <param name="back">Where answers go.</param>
    /// <param name="subscribers">Nodes that subscribe to what is published there; 0: one, which is sent to.</param>
    public static async Task RunAsync(string wire, string folder, string back, int subscribers)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = ServeAsync(listener);
        var nodes = new List<Node> { await StartAsync("far", wire, folder, back) };
        for (var i = 1; i < subscribers; i++) nodes.Add(await StartAsync($"far-{i}", wire, folder, back));
        if (subscribers > 0) nodes.ForEach(node => node.Links.Subscribe(Node.PeerAt("near", back), FabricChannel.SupervisionEvents, ulong.MaxValue));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{((IPEndPoint)listener.LocalEndPoint!).Port} {nodes[0].Peer.Endpoint}"));
        await Console.In.ReadLineAsync();
        foreach (var node in nodes) await node.DisposeAsync();
        _ = serving;
    }

    private static async Task<Node> StartAsync(string name, string wire, string folder, string back)
    {
        var echo = new Echo();
        Node? node = null;
        return node = await Node.StartAsync(name, Wire.Named(wire).Create(folder), content => echo.Take(content, answer => Send(node!, back, answer)));
    }

    public static void Write(Span<byte> message, long number, bool isAnswered)
    {
        BinaryPrimitives.WriteInt64LittleEndian(message, number);
        message[8] = isAnswered ? (byte)1 : (byte)0;
    }

    private static void Send(Node node, string back, byte[] answer)
    {
        if (!node.Links.TrySend(Node.PeerAt("near", back), FabricChannel.TaskResults, 0, default, new WrittenContent(answer))) throw new InvalidOperationException("There is no room for an answer.");
    }

    private static async Task ServeAsync(Socket listener)
    {
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            var link = new RawLink(socket);
            var echo = new Echo();
            _ = link.ReceiveAsync(message => echo.Take(message, answer => _ = link.SendAsync(answer).AsTask()));
        }
    }

    private void Take(ReadOnlySequence<byte> content, Action<byte[]> answer)
    {
        if (content.IsSingleSegment) Take(content.FirstSpan, answer);
        else Take(content.ToArray(), answer);
    }

    private void Take(ReadOnlySpan<byte> message, Action<byte[]> answer)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(message);
        if (number != 1 && number != _last + 1) throw new InvalidOperationException($"Message {number} came after {_last}.");
        _last = number;
        if (message[8] == 0) return;
        var bytes = message.ToArray();
        answer(bytes);
    }
}
