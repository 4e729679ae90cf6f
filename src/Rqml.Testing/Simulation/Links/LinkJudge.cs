using System.Buffers.Binary;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Simulation.Links;

/// <summary>One message of the simulated application.</summary>
/// <param name="From">The start that sent it.</param>
/// <param name="To">The node that it is for.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Number">Of its sender, from 1.</param>
/// <param name="Length">Bytes of its content.</param>
internal readonly record struct SentMessage(Incarnation From, NodeId To, FabricChannel Channel, long Number, int Length)
{
    public const int LeastLength = 16;
    public const int MostLength = 300_000;

    private static readonly byte[] Filling = [.. Enumerable.Range(0, MostLength + 1_021).Select(at => (byte)(at * 31 + at / 251))];

    /// <summary>Its number, then bytes that follow from it: so that no other message looks like it.</summary>
    public byte[] Content()
    {
        var content = new byte[Length];
        BinaryPrimitives.WriteInt64LittleEndian(content, Number);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(8), From.Value);
        Filling.AsSpan((int)(Number % 1_021), Length - LeastLength).CopyTo(content.AsSpan(LeastLength));
        return content;
    }
}

/// <summary>Sees what is sent, what comes and what is handed back, and says whether the promises of the channels were kept.</summary>
internal sealed class LinkJudge
{
    private readonly Dictionary<(Incarnation From, long Number), SentMessage> _sent = [];
    private readonly Dictionary<(Incarnation From, long Number), SentMessage> _open = [];
    private readonly HashSet<(Incarnation From, long Number)> _arrived = [];
    private readonly HashSet<(Incarnation From, long Number)> _returned = [];
    private readonly Dictionary<(Incarnation From, Incarnation To, FabricChannel Channel), long> _last = [];
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Violations => _violations;

    public long Arrived => _arrived.Count;

    public long Returned => _returned.Count;

    /// <summary>Messages of channels that promise it which are not accounted for yet.</summary>
    public IReadOnlyCollection<SentMessage> Open => _open.Values;

    public void Sent(in SentMessage message)
    {
        if (ChannelPromise.Of(message.Channel).Delivery != Delivery.AtLeastOnce) return;
        _sent.Add((message.From, message.Number), message);
        _open.Add((message.From, message.Number), message);
    }

    /// <summary>Nothing that it sent is anybody's any more.</summary>
    public void Died(Incarnation start)
    {
        foreach (var key in _open.Keys.Where(key => key.From == start).ToArray()) _open.Remove(key);
    }

    public void Came(Incarnation to, FabricChannel channel, Peer from, byte[] content)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(content);
        var message = new SentMessage(new Incarnation(BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(8))), default, channel, number, content.Length);
        if (from.Incarnation != message.From) Violated($"message {number} of {message.From} came as one of {from.Incarnation}");
        if (!content.AsSpan().SequenceEqual(message.Content())) Violated($"message {number} of {message.From} is not what was sent");
        var pair = (message.From, to, channel);
        var last = _last.GetValueOrDefault(pair);
        if (number == last || (number < last && _arrived.Contains((message.From, number)))) Violated($"message {number} of {message.From} came twice to {to}");
        else if (number < last) Violated($"message {number} of {message.From} came to {to} after {last}");
        _last[pair] = Math.Max(last, number);
        if (ChannelPromise.Of(channel).Delivery != Delivery.AtLeastOnce) return;
        _arrived.Add((message.From, number));
        _open.Remove((message.From, number));
    }

    public void HandedBack(byte[] content)
    {
        var key = (new Incarnation(BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(8))), BinaryPrimitives.ReadInt64LittleEndian(content));
        if (!_sent.TryGetValue(key, out var message) || !content.AsSpan().SequenceEqual(message.Content())) Violated($"something came back that was never sent: {key}");
        else if (!_returned.Add(key)) Violated($"message {key} came back twice");
        _open.Remove(key);
    }

    /// <summary>What a receiver holds of one channel of one stream.</summary>
    public void Holds(FabricChannel channel, long bytes, LinkSettings settings)
    {
        if (bytes > settings.WindowOf(channel)) Violated($"{bytes} bytes of {channel} wait at a receiver that has granted {settings.WindowOf(channel)}");
    }

    /// <summary>Both ends are ours: what the network does to blocks explains a gap and a word out of turn, and nothing else.</summary>
    public void Logged(LinkFault? fault, Exception? error)
    {
        if (error is not null) Violated($"a link broke: {error}");
        else if (fault is not (LinkFault.SequenceGap or LinkFault.OutOfTurn or LinkFault.NeverSent)) Violated($"a link was closed for {fault}");
    }

    public void Violated(string what) => _violations.Add(what);
}
