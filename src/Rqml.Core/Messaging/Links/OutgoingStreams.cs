using System.Buffers;
using System.Diagnostics;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>
/// What is sent to one address, and where each channel stands, over however many links: the sender's half of the link protocol, as decisions. Knows nothing of
/// connections or time. Not thread-safe: its link's lock guards it.
/// </summary>
internal sealed class OutgoingStreams
{
    /// <summary>Of each lane a block takes as many bytes.</summary>
    public const int BlockBytes = 64 << 10;

    /// <summary>Bytes of the longest message.</summary>
    public const int MostMessageBytes = MessageParts.MostBytes - TraceContext.Bytes;

    private const byte FirstVersion = 1;      // of frames that are written before the two ends have agreed on a later one
    private static readonly FabricChannel[] ControlStreams = [.. ChannelPromise.All.Where(promise => promise is { Delivery: Delivery.AtLeastOnce, Lane: Lane.Control }).Select(promise => promise.Channel)];
    private static readonly FabricChannel[] DataChannels = [.. ChannelPromise.All.Where(promise => promise.Lane == Lane.Data).Select(promise => promise.Channel)];

    private readonly LinkSettings _settings;
    private readonly NodeId _node;
    private readonly Func<ulong> _nextStream;
    private readonly OutgoingStream?[] _streams = new OutgoingStream?[ChannelPromise.All.Count + 1];
    private readonly LatestFrames?[] _latest = new LatestFrames?[ChannelPromise.All.Count + 1];
    private readonly Dictionary<FabricChannel, ulong> _wanted = [];      // of what the other end publishes
    private readonly List<Subscription> _changed = [];      // of them, and not said yet
    private ulong _stream;
    private ulong _replaced;      // the stream before it; 0 where there was none
    private byte _version = FirstVersion;
    private int _turn;            // of the data lane's channels
    private bool _saysAlive;

    /// <param name="settings">What all links go by.</param>
    /// <param name="to">Whom to reach; where its node is not named, whoever answers.</param>
    /// <param name="nextStream">Numbers the streams that this node begins.</param>
    public OutgoingStreams(LinkSettings settings, Peer to, Func<ulong> nextStream)
    {
        (_settings, _node, To, _nextStream, _stream) = (settings, to.Node, to, nextStream, nextStream());
        foreach (var promise in ChannelPromise.All)
        {
            if (promise.Delivery == Delivery.AtLeastOnce) _streams[(int)promise.Channel] = settings.Send(promise.Channel, settings.KeptOf(promise.Channel));
            else _latest[(int)promise.Channel] = new LatestFrames(promise.Channel);
        }
    }

    /// <summary>Whom the last message was for.</summary>
    public Peer To { get; set; }

    /// <summary>Who answered.</summary>
    public Peer? Greeted { get; private set; }

    /// <summary>Whether the two ends have agreed where sending goes on.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Bytes that wait or were not acknowledged.</summary>
    public long KeptBytes => _streams.Sum(stream => stream?.KeptBytes ?? 0);

    /// <summary>Frames that were sent again after a link had ended.</summary>
    public long Replayed => _streams.Sum(stream => stream?.Replayed ?? 0);

    /// <summary>Whether anything waits, or was not acknowledged.</summary>
    public bool HasSomething
    {
        get
        {
            for (var channel = 1; channel < _streams.Length; channel++)
            {
                if (_streams[channel] is { IsEmpty: false } || _latest[channel] is { CanSend: true }) return true;
            }

            return false;
        }
    }

    /// <summary>Whether a channel that waits has room for a message of so many bytes.</summary>
    public bool HasRoom(FabricChannel channel, int bytes) => _streams[(int)channel]!.HasRoom(FrameHeader.Bytes + TraceContext.Bytes + bytes);

    /// <summary>Takes a message; false where there is no room for it, or it is longer than any may be.</summary>
    /// <remarks>Hot: the header is written, and the content writes itself, where it will be sent from; no allocation.</remarks>
    public bool TrySend<TContent>(Peer? to, FabricChannel channel, FrameKind kind, ulong topics, in ActivityContext trace, in TContent content)
        where TContent : IMessageContent
    {
        var bytes = content.Bytes;
        if (bytes is < 0 or > MostMessageBytes) return false;
        var traceBytes = _version < 2 || trace.TraceId == default ? 0 : TraceContext.Bytes;
        var isTaken = _streams[(int)channel] is { } stream
            ? TryAppend(stream, kind, topics, trace, traceBytes + bytes, traceBytes, content)
            : TryReplace(_latest[(int)channel]!, kind, topics, trace, traceBytes + bytes, traceBytes, content);
        if (isTaken) To = to ?? To;
        return isTaken;
    }

    /// <summary>Says with the next block, and again with each hello, which topics are wanted. False where that is known.</summary>
    public bool TrySubscribe(Subscription subscription)
    {
        if (_wanted.GetValueOrDefault(subscription.Channel) == subscription.Topics) return false;
        if (subscription.Topics == 0) _wanted.Remove(subscription.Channel);
        else _wanted[subscription.Channel] = subscription.Topics;
        _changed.Add(subscription);
        return true;
    }

    /// <summary>What is said first over a link.</summary>
    /// <param name="helloOf">Who we are, with a stream.</param>
    public Hello Greet(Func<ulong, Hello> helloOf)
    {
        _changed.Clear();
        return helloOf(_stream) with { Replaces = _replaced, Subscriptions = [.. _wanted.Select(wanted => new Subscription(wanted.Key, wanted.Value))] };
    }

    /// <summary>Hears what the other end says.</summary>
    /// <exception cref="LinkViolationException">It is nothing that it may say now.</exception>
    public void Read(in FrameHeader header, ReadOnlySequence<byte> payload, ref List<Returned>? returned)
    {
        switch (header.Kind)
        {
            case FrameKind.Hello when !IsOpen:
                Open(Hello.Read(payload), ref returned);
                break;
            case FrameKind.Grant when IsOpen:
                Grant(header);
                break;
            case FrameKind.Heartbeat when IsOpen:
                break;
            default:
                throw new LinkViolationException(LinkFault.OutOfTurn, $"A frame of kind {header.Kind} came {(IsOpen ? "over an open link" : "before hello")}.");
        }
    }

    /// <summary>The link has ended: the next one begins with hello.</summary>
    public void Close() => IsOpen = false;

    /// <summary>Nobody listens there: whoever answers next is another.</summary>
    public void ForgetGreeted() => Greeted = null;

    /// <summary>With the next block it is said that we live, and of each stream how far it has come: so the other end notices what was lost.</summary>
    public void SayAlive() => _saysAlive = true;

    /// <summary>Whether something waits that has not moved since the last time somebody asked.</summary>
    public bool IsStill()
    {
        var isStill = false;
        foreach (var stream in _streams) isStill |= stream is not null && stream.IsStill();
        return isStill;
    }

    /// <summary>Puts what is sent next into a block: what is small and urgent first.</summary>
    public void Fill(BlockBuilder block)
    {
        FillControl(block);
        FillData(block);
    }

    /// <summary>The transport reads none of the last block any more.</summary>
    public void SendEnded()
    {
        foreach (var stream in _streams) stream?.SendEnded();
    }

    /// <summary>Takes out what may not have been received. The stream that begins after it is another one: what was handed back is never sent again by the link.</summary>
    public List<Returned> TakeAll()
    {
        var returned = new List<Returned>();
        var to = Greeted ?? To;
        for (var channel = 1; channel < _streams.Length; channel++)
        {
            _streams[channel]?.HandBack((header, content) => returned.Add(new Returned(to, header.Channel, Untraced(header, content).ToArray())));
            _latest[channel]?.Clear();
        }

        (_replaced, _stream) = (_stream, _nextStream());
        _version = FirstVersion;
        return returned;
    }

    /// <summary>The other end has said who it is and what it has: sending goes on from there.</summary>
    private void Open(Hello hello, ref List<Returned>? returned)
    {
        var version = hello.Agree(_settings);
        if (_node != default && hello.Peer.Node != _node) throw new LinkViolationException(LinkFault.OtherNode, $"{hello.Peer} answers where {_node} did, or should.");
        if (Greeted is { } before && before != hello.Peer)
        {
            // Another start is there: what is left was for the one before. It knows nothing of this stream, so that the stream may begin.
            (returned ??= []).AddRange(TakeAll());
            (_stream, _replaced) = (hello.Stream, 0);
        }

        Greeted = hello.Peer;
        foreach (var stream in _streams)
        {
            if (stream is null) continue;
            var position = hello.Positions.FirstOrDefault(position => position.Channel == stream.Channel);
            if (hello.Stream == _stream && stream.Resume(position.Received, position.LimitBytes)) continue;

            // The streams began anew while we were at the door, or the other end has forgotten them: what it has of them nobody can say.
            if (hello.Stream == _stream) (returned ??= []).AddRange(TakeAll());
            throw new LinkViolationException(LinkFault.NeverSent, $"{hello.Peer} has frame {position.Received} of {ChannelPromise.Of(stream.Channel).Name}, which is no place in this stream.");
        }

        foreach (var latest in _latest) latest?.SendAgain();
        (_version, IsOpen) = (version, true);
    }

    private void Grant(in FrameHeader header)
    {
        if (_streams[(int)header.Channel] is not { } stream) throw new LinkViolationException(LinkFault.UnknownChannel, $"A grant names the channel {header.Channel}, which has no credit.");
        if (!stream.Acknowledge(header.Sequence)) throw new LinkViolationException(LinkFault.NeverSent, $"Frame {header.Sequence} of {ChannelPromise.Of(header.Channel).Name} was acknowledged, and never sent.");
        stream.Grant((long)Math.Min(header.Correlation, long.MaxValue));
    }

    private bool TryAppend<TContent>(OutgoingStream stream, FrameKind kind, ulong topics, in ActivityContext trace, int bytes, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (!stream.HasRoom(FrameHeader.Bytes + bytes)) return false;
        var flags = traceBytes > 0 ? FrameFlags.Traced : FrameFlags.None;
        if (bytes <= FrameReader.MaxStreamedBytes)
        {
            Write(stream.Append(_version, kind, flags, topics, bytes), trace, traceBytes, content);
            return true;
        }

        var whole = ArrayPool<byte>.Shared.Rent(bytes);
        Write(whole.AsSpan(0, bytes), trace, traceBytes, content);
        for (var at = 0; at < bytes;)
        {
            var part = Math.Min(FrameReader.MaxStreamedBytes, bytes - at);
            whole.AsSpan(at, part).CopyTo(stream.Append(_version, kind, at + part < bytes ? flags | FrameFlags.Continues : flags & ~FrameFlags.Traced, topics, part));
            flags &= ~FrameFlags.Traced;      // the first part alone begins with it
            at += part;
        }

        ArrayPool<byte>.Shared.Return(whole);
        return true;
    }

    private bool TryReplace<TContent>(LatestFrames latest, FrameKind kind, ulong topics, in ActivityContext trace, int bytes, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (bytes > FrameReader.MaxAloneBytes || !latest.TryReplace(_version, kind, traceBytes > 0 ? FrameFlags.Traced : FrameFlags.None, topics, bytes, out var payload)) return false;
        Write(payload, trace, traceBytes, content);
        return true;
    }

    private static void Write<TContent>(Span<byte> to, in ActivityContext trace, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (traceBytes > 0) TraceContext.Write(trace, to);
        content.WriteTo(to[traceBytes..]);
    }

    private static ReadOnlySequence<byte> Untraced(in FrameHeader header, ReadOnlySequence<byte> content) =>
        header.Flags.HasFlag(FrameFlags.Traced) ? content.Slice(TraceContext.Bytes) : content;

    private void FillControl(BlockBuilder block)
    {
        foreach (var subscription in _changed) new FrameHeader(0, _version, subscription.Channel, FrameKind.Subscription, FrameFlags.None, 0, subscription.Topics).Write(block.Write(FrameHeader.Bytes));
        _changed.Clear();
        FillLatest(block, _latest[(int)FabricChannel.Heartbeats]!, BlockBytes);
        foreach (var channel in ControlStreams) FillStream(block, _streams[(int)channel]!, BlockBytes);
        if (_saysAlive) FillHeartbeats(block);
        _saysAlive = false;
    }

    private void FillHeartbeats(BlockBuilder block)
    {
        foreach (var stream in _streams)
        {
            if (stream is { IsEmpty: false }) new FrameHeader(0, _version, stream.Channel, FrameKind.Heartbeat, FrameFlags.None, stream.Sent, 0).Write(block.Write(FrameHeader.Bytes));
        }

        if (block.IsEmpty) new FrameHeader(0, _version, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0).Write(block.Write(FrameHeader.Bytes));
    }

    /// <summary>One channel after the other begins, so that none waits for another's flood. Beside what is urgent there is as much room as without it: a full frame always fits.</summary>
    private void FillData(BlockBuilder block)
    {
        var mostBytes = block.Bytes + BlockBytes;
        for (var i = 0; i < DataChannels.Length; i++)
        {
            var channel = DataChannels[(_turn + i) % DataChannels.Length];
            if (_streams[(int)channel] is { } stream) FillStream(block, stream, mostBytes);
            else FillLatest(block, _latest[(int)channel]!, mostBytes);
        }

        _turn = (_turn + 1) % DataChannels.Length;
    }

    private static void FillStream(BlockBuilder block, OutgoingStream stream, int mostBytes)
    {
        while (block.Bytes < mostBytes && stream.TryTake(mostBytes - block.Bytes, out var frames)) block.Add(frames);
    }

    /// <summary>The newest of a topic may be longer than a block: it goes as soon as it is its turn.</summary>
    private static void FillLatest(BlockBuilder block, LatestFrames latest, int mostBytes)
    {
        while (latest.CanSend && (block.IsEmpty || block.Bytes + latest.NextBytes <= mostBytes))
        {
            var frame = latest.Take();
            frame.CopyTo(block.Write(frame.Length));
        }
    }
}

/// <summary>A message that its receiver is not known to have.</summary>
internal readonly record struct Returned(Peer To, FabricChannel Channel, byte[] Content);
