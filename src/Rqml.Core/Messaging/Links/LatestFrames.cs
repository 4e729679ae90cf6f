using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>One channel of a link of which only the newest counts: a place for each topic, and which of them are still to be sent. Not thread-safe: its link's lock guards it.</summary>
internal sealed class LatestFrames(FabricChannel channel)
{
    /// <summary>Topics of one channel; a further one is refused.</summary>
    public const int MostTopics = 64;

    private readonly Dictionary<ulong, Place> _places = [];
    private readonly Queue<Place> _waiting = new();
    private ulong _sequence;

    public bool CanSend => _waiting.Count > 0;

    /// <summary>Bytes of the frame that goes next.</summary>
    public int NextBytes => _waiting.Peek().Length;

    /// <summary>Makes room for a topic's newest frame, in place of the one before, and returns the place of its payload; empty where there are too many topics.</summary>
    public bool TryReplace(byte version, FrameKind kind, FrameFlags flags, ulong topic, int payloadBytes, out Span<byte> payload)
    {
        payload = default;
        if (!_places.TryGetValue(topic, out var place))
        {
            if (_places.Count == MostTopics) return false;
            _places.Add(topic, place = new Place());
        }

        place.Length = FrameHeader.Bytes + payloadBytes;
        if (place.Buffer.Length < place.Length) place.Buffer = new byte[place.Length];
        new FrameHeader(payloadBytes, version, channel, kind, flags, ++_sequence, topic).Write(place.Buffer);
        payload = place.Buffer.AsSpan(FrameHeader.Bytes, payloadBytes);
        if (place.IsWaiting) return true;
        place.IsWaiting = true;
        _waiting.Enqueue(place);
        return true;
    }

    /// <summary>The frame that goes next; valid until its topic is replaced.</summary>
    public ReadOnlySpan<byte> Take()
    {
        var place = _waiting.Dequeue();
        place.IsWaiting = false;
        return place.Buffer.AsSpan(0, place.Length);
    }

    /// <summary>A new link: what was sent over the last one may not have arrived. The other end knows what it has.</summary>
    public void SendAgain()
    {
        foreach (var place in _places.Values)
        {
            if (place.IsWaiting) continue;
            place.IsWaiting = true;
            _waiting.Enqueue(place);
        }
    }

    public void Clear()
    {
        _places.Clear();
        _waiting.Clear();
        _sequence = 0;
    }

    private sealed class Place
    {
        public byte[] Buffer { get; set; } = [];

        public int Length { get; set; }

        public bool IsWaiting { get; set; }
    }
}
