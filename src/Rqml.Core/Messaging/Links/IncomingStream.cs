using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>What becomes of a frame that has come.</summary>
internal enum FrameFate
{
    /// <summary>It is the next of its stream.</summary>
    New,

    /// <summary>It came before: over an earlier link, most of the time.</summary>
    Duplicate,
}

/// <summary>
/// One channel of a link, from the receiver's side: which frame is the next, and how much may come. Pure numbers. Only the link's reader takes frames;
/// what is consumed may be said on any thread. Open for simulations that break a rule on purpose.
/// </summary>
internal class IncomingStream
{
    private readonly FabricChannel _channel;
    private readonly long _windowBytes;
    private long _receivedBytes;
    private long _acknowledgedBytes;
    private long _consumedBytes;
    private long _grantedBytes;
    private long _gatheredBytes;

    public IncomingStream(FabricChannel channel, long windowBytes) => (_channel, _windowBytes, _grantedBytes) = (channel, windowBytes, windowBytes);

    public FabricChannel Channel => _channel;

    /// <summary>Sequence of the last frame that was taken.</summary>
    public ulong Received { get; private set; }

    /// <summary>Sequence of the last frame that ended a message: only whole messages are acknowledged, so that their sender can hand back whole ones.</summary>
    public ulong Completed { get; private set; }

    /// <summary>Sequence that was acknowledged last.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>The parts of a message that has not come whole.</summary>
    public MessageParts Parts { get; } = new();

    /// <summary>Whether the sender should hear of us before long: it keeps what we do not acknowledge.</summary>
    public bool IsBehind => Acknowledged != Completed || GrantedBytes != LimitBytes;

    /// <summary>It does not know what has come, and asks.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Whether it should hear of us now, so that it need not wait.</summary>
    public bool IsShort => LimitBytes - GrantedBytes >= _windowBytes / 4 || _receivedBytes - _acknowledgedBytes >= _windowBytes / 4;

    private long LimitBytes => Volatile.Read(ref _consumedBytes) + _windowBytes;

    private long GrantedBytes => Volatile.Read(ref _grantedBytes);

    /// <summary>Judges a frame of a message, and counts it where it is new. The link's reader alone calls it.</summary>
    /// <exception cref="LinkViolationException">A frame before it is missing, or it is more than was granted.</exception>
    public virtual FrameFate Take(in FrameHeader header)
    {
        if (header.Sequence <= Received) return FrameFate.Duplicate;
        if (header.Sequence != Received + 1) throw new LinkViolationException(LinkFault.SequenceGap, $"Frame {header.Sequence} of {ChannelPromise.Of(_channel).Name} came after {Received}.");
        if (_receivedBytes + header.FrameBytes > GrantedBytes)
        {
            throw new LinkViolationException(LinkFault.CreditOverflow, $"Frame {header.Sequence} of {ChannelPromise.Of(_channel).Name} is more than the {GrantedBytes} bytes that were granted.");
        }

        Received = header.Sequence;
        _receivedBytes += header.FrameBytes;
        if (!header.Flags.HasFlag(FrameFlags.Continues)) Completed = header.Sequence;
        return FrameFate.New;
    }

    /// <summary>Bytes of frames whose content nobody needs any more. Any thread.</summary>
    public virtual void Consumed(int frameBytes) => Interlocked.Add(ref _consumedBytes, frameBytes);

    /// <summary>A part of a message that is gathered; how much of it may be granted again at once.</summary>
    public int Gather(int frameBytes)
    {
        var surplus = (int)Math.Clamp(_gatheredBytes + frameBytes - _windowBytes / 2, 0, frameBytes);
        _gatheredBytes += frameBytes - surplus;
        return surplus;
    }

    /// <summary>The message is whole; what of it has not been granted again.</summary>
    public int EndGathering()
    {
        var owedBytes = (int)_gatheredBytes;
        _gatheredBytes = 0;
        return owedBytes;
    }

    /// <summary>What the sender is told now. One at a time; the reader may take frames meanwhile.</summary>
    public virtual StreamPosition Grant()
    {
        IsAsked = false;
        var limitBytes = LimitBytes;
        Volatile.Write(ref _grantedBytes, limitBytes);      // before anybody can make use of it
        (_acknowledgedBytes, Acknowledged) = (_receivedBytes, Completed);
        return new StreamPosition(_channel, Acknowledged, limitBytes);
    }
}
