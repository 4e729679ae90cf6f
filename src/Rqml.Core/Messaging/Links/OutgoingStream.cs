using System.Buffers;
using Rqml.Diagnostics;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>
/// One channel of a link, from the sender's side: its frames in order, each kept in the buffer from which it was sent until it is acknowledged, so that it can be sent
/// again. Knows nothing of links or time. Not thread-safe: its link's lock guards it. Open for simulations that break a rule on purpose.
/// </summary>
internal class OutgoingStream(FabricChannel channel, long mostBytes)
{
    // Invariant: _acked <= _sent <= _mostSent < _next. Offsets count the bytes of whole frames since the stream began.
    private ulong _next = 1;
    private ulong _acked;
    private ulong _sent;
    private ulong _mostSent;
    private (ulong Acked, ulong Sent) _seen;
    private long _appendedBytes;
    private long _sentBytes;
    private long _limitBytes;
    private Segment? _first;
    private Segment? _last;
    private Segment? _sending;      // the one that holds the next frame to send
    private Segment? _inFlight;     // the first that a transport may still read
    private readonly Stack<byte[]> _spare = new();      // a window's worth comes and goes at once, which is more than the process's pool keeps

    public FabricChannel Channel => channel;

    /// <summary>Bytes that are kept: not sent, or not acknowledged.</summary>
    public long KeptBytes => _acked + 1 == _next ? 0 : _appendedBytes - _first!.StartOffset;

    public bool IsEmpty => _acked + 1 == _next;

    /// <summary>Sequence of the last frame that was sent over this link.</summary>
    public ulong Sent => _sent;

    /// <summary>Frames that were sent before and are sent again.</summary>
    public long Replayed { get; private set; }

    /// <summary>Whether a message of so many bytes may be appended. One that is longer than everything goes alone.</summary>
    public bool HasRoom(int frameBytes) => IsEmpty || KeptBytes + frameBytes <= mostBytes;

    /// <summary>Whether a frame waits that may be sent.</summary>
    public bool CanSend => _sent + 1 < _next && _sentBytes + NextFrameBytes() <= _limitBytes;

    /// <summary>Appends a frame, and returns the place of its payload, to be filled at once.</summary>
    public Span<byte> Append(byte version, FrameKind kind, FrameFlags flags, ulong correlation, int payloadBytes)
    {
        var frameBytes = FrameHeader.Bytes + payloadBytes;
        var segment = _last is { } last && last.Free >= frameBytes ? last : AddSegment();
        var frame = segment.Buffer.AsSpan(segment.End, frameBytes);
        new FrameHeader(payloadBytes, version, channel, kind, flags, _next, correlation).Write(frame);
        segment.End += frameBytes;
        segment.LastSequence = _next++;
        _appendedBytes += frameBytes;
        return frame[FrameHeader.Bytes..];
    }

    /// <summary>The next frames to send, as many as lie together, fit and were granted; false where there is none. They must not be taken again before <see cref="SendEnded"/>.</summary>
    public virtual bool TryTake(int roomBytes, out ReadOnlyMemory<byte> frames)
    {
        frames = default;
        if (_sent + 1 >= _next) return false;
        var segment = Sending();
        var mostTaken = Math.Min(roomBytes, _limitBytes - _sentBytes);
        var (bytes, last) = segment.Unsent <= mostTaken ? (segment.Unsent, segment.LastSequence) : FramesIn(segment, mostTaken);
        if (bytes == 0) return false;
        frames = segment.Buffer.AsMemory(segment.Sent, bytes);
        if (_mostSent > _sent) Replayed += (long)(Math.Min(_mostSent, last) - _sent);
        segment.Sent += bytes;
        (_sent, _sentBytes) = (last, _sentBytes + bytes);
        _mostSent = Math.Max(_mostSent, last);
        _inFlight ??= segment;
        return true;
    }

    /// <summary>The transport reads none of what was taken any more.</summary>
    public void SendEnded()
    {
        if (_inFlight is null) return;
        _inFlight = null;
        Trim();
    }

    /// <summary>All frames up to this one have been received; false where it was never sent, or ends no message: what is handed back is whole.</summary>
    public bool Acknowledge(ulong sequence)
    {
        if (sequence > _mostSent) return false;
        if (sequence <= _acked) return true;
        if (!EndsMessage(sequence)) return false;
        _acked = sequence;
        if (_sent < _acked) SkipTo(_acked);      // received over an earlier link, and heard of only now
        Trim();
        return true;
    }

    /// <summary>Whether something waits, and nothing has moved since the last time somebody asked.</summary>
    public bool IsStill()
    {
        var isStill = (_acked, _sent) == _seen;
        _seen = (_acked, _sent);
        if (isStill) GiveSpareBack();
        return isStill && !IsEmpty;
    }

    /// <summary>So many bytes may be sent since the stream began. A smaller figure than before is an older one.</summary>
    public virtual void Grant(long limitBytes) => _limitBytes = Math.Max(_limitBytes, limitBytes);

    /// <summary>A new link: sending goes on behind what the other end has. False where that is not a place in this stream, or one that is gone.</summary>
    public virtual bool Resume(ulong received, long limitBytes)
    {
        if (received < _acked || received > _mostSent) return false;
        _acked = Math.Max(_acked, CompletedBy(received));
        SkipTo(received);
        Grant(limitBytes);
        Trim();
        return true;
    }

    /// <summary>Hands out every message that is not known to have arrived, oldest first, each with the header of its first frame, and forgets it: the stream begins anew.</summary>
    public virtual void HandBack(Action<FrameHeader, ReadOnlySequence<byte>> take)
    {
        var parts = new MessageParts();
        for (var segment = _first; segment is not null; segment = segment.Next)
        {
            for (var at = 0; at < segment.End;)
            {
                var header = segment.HeaderAt(at);
                if (header.Sequence > _acked && parts.Add(header, new ReadOnlySequence<byte>(segment.Buffer, at + FrameHeader.Bytes, header.Length), out var first, out var message)) take(first, message);
                at += header.FrameBytes;
            }
        }

        Clear();
    }

    /// <summary>Forgets everything and begins with frame 1, under a limit that is still to be granted.</summary>
    public void Clear()
    {
        // What a transport may still read is left to the collector.
        for (var segment = _first; segment is not null && segment != _inFlight; segment = segment.Next) _spare.Push(segment.Buffer);
        GiveSpareBack();
        (_first, _last, _sending, _inFlight) = (null, null, null, null);
        (_next, _acked, _sent, _mostSent) = (1, 0, 0, 0);
        (_appendedBytes, _sentBytes, _limitBytes) = (0, 0, 0);
    }

    /// <summary>The last frame up to this one that ends a message: the other end keeps the parts of one that is not whole, and so do we.</summary>
    private ulong CompletedBy(ulong sequence)
    {
        ulong completed = 0;
        for (var segment = _first; segment is not null; segment = segment.Next)
        {
            for (var at = 0; at < segment.End;)
            {
                var header = segment.HeaderAt(at);
                if (header.Sequence > sequence) return completed;
                if (!header.Flags.HasFlag(FrameFlags.Continues)) completed = header.Sequence;
                at += header.FrameBytes;
            }
        }

        return completed;
    }

    private bool EndsMessage(ulong sequence)
    {
        var segment = _first;
        while (segment!.LastSequence < sequence) segment = segment.Next;
        var at = 0;
        while (segment.HeaderAt(at) is var header && header.Sequence < sequence) at += header.FrameBytes;
        return !segment.HeaderAt(at).Flags.HasFlag(FrameFlags.Continues);
    }

    private Segment AddSegment()
    {
        var segment = new Segment(_spare.TryPop(out var spare) ? spare : ArrayPool<byte>.Shared.Rent(Segment.Bytes), _appendedBytes, _next);
        if (_last is null) _first = segment;
        else _last.Next = segment;
        _last = segment;
        return segment;
    }

    private Segment Sending()
    {
        _sending ??= _first!;
        while (_sending.Unsent == 0) _sending = _sending.Next!;
        return _sending;
    }

    private int NextFrameBytes()
    {
        var segment = Sending();
        return segment.HeaderAt(segment.Sent).FrameBytes;
    }

    private (int Bytes, ulong Last) FramesIn(Segment segment, long mostBytes)
    {
        var (bytes, last) = (0, _sent);
        while (bytes < segment.Unsent)
        {
            var header = segment.HeaderAt(segment.Sent + bytes);
            if (bytes + header.FrameBytes > mostBytes) break;
            bytes += header.FrameBytes;
            last = header.Sequence;
        }

        return (bytes, last);
    }

    /// <summary>The next frame to send is the one behind <paramref name="sequence"/>.</summary>
    private void SkipTo(ulong sequence)
    {
        _sent = sequence;
        _sending = null;
        if (_first is null)
        {
            _sentBytes = _appendedBytes;
            return;
        }

        for (var segment = _first; segment is not null; segment = segment.Next)
        {
            segment.Sent = segment.OffsetBehind(sequence);
            if (segment.Unsent == 0) continue;
            if (_sending is not null) continue;
            _sending = segment;
            _sentBytes = segment.StartOffset + segment.Sent;
        }

        if (_sending is null) _sentBytes = _appendedBytes;
    }

    /// <summary>Gives back the segments whose frames have all arrived, up to the one that a transport may still read.</summary>
    private void Trim()
    {
        while (_first is { } first && first != _inFlight && first.LastSequence <= _acked)
        {
            _first = first.Next;
            if (_sending == first) _sending = null;
            if (_last == first) _last = null;
            _spare.Push(first.Buffer);
        }

        Invariant.Holds(_first is not null || _acked + 1 == _next, "a stream lost frames that nobody has acknowledged");
    }

    private void GiveSpareBack()
    {
        while (_spare.TryPop(out var buffer)) ArrayPool<byte>.Shared.Return(buffer);
    }

    private sealed class Segment(byte[] buffer, long startOffset, ulong firstSequence)
    {
        public const int Bytes = 64 << 10;

        public byte[] Buffer => buffer;

        public Segment? Next { get; set; }

        public long StartOffset => startOffset;

        public ulong LastSequence { get; set; } = firstSequence;

        public int End { get; set; }

        public int Sent { get; set; }

        public int Free => Bytes - End;

        public int Unsent => End - Sent;

        public FrameHeader HeaderAt(int offset) => FrameHeader.Read(Buffer.AsSpan(offset, FrameHeader.Bytes));

        /// <summary>Where the frame behind this sequence begins: at 0 for one before the segment, at the end for one behind it.</summary>
        public int OffsetBehind(ulong sequence)
        {
            if (LastSequence <= sequence) return End;
            var at = 0;
            while (at < End)
            {
                var header = HeaderAt(at);
                if (header.Sequence > sequence) break;
                at += header.FrameBytes;
            }

            return at;
        }
    }
}
