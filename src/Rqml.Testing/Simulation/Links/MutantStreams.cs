using System.Buffers;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Simulation.Links;

/// <summary>A receiving stream that breaks one rule.</summary>
internal sealed class MutantIncoming(FabricChannel channel, long windowBytes, LinkMutant mutant) : IncomingStream(channel, windowBytes)
{
    public override FrameFate Take(in FrameHeader header)
    {
        if (mutant == LinkMutant.GapIgnored && header.Sequence > Received + 1)
        {
            while (Received + 1 < header.Sequence) base.Take(header with { Sequence = Received + 1, Length = 0 });
        }

        var fate = base.Take(header);
        return mutant == LinkMutant.DedupSkipped ? FrameFate.New : fate;
    }

    public override void Consumed(int frameBytes)
    {
        if (mutant != LinkMutant.CreditForgotten) base.Consumed(frameBytes);
    }

    public override StreamPosition Grant()
    {
        var grant = base.Grant();
        return mutant switch
        {
            LinkMutant.AckLost => grant with { Received = 0 },
            LinkMutant.AckTooEarly => grant with { Received = grant.Received == 0 ? 0 : grant.Received + 1 },
            _ => grant,
        };
    }
}

/// <summary>A sending stream that breaks one rule.</summary>
internal sealed class MutantOutgoing(FabricChannel channel, long mostBytes, LinkMutant mutant) : OutgoingStream(channel, mostBytes)
{
    private long _replayed;

    public override bool TryTake(int roomBytes, out ReadOnlyMemory<byte> frames)
    {
        var isTaken = base.TryTake(roomBytes, out frames);
        if (isTaken && mutant == LinkMutant.ReplayReordered && Replayed > _replayed) frames = Swapped(frames);
        _replayed = Replayed;
        return isTaken;
    }

    public override bool Resume(ulong received, long limitBytes) => base.Resume(mutant == LinkMutant.ReplaySkipped ? Math.Max(received, Sent) : received, limitBytes);

    public override void Grant(long limitBytes) => base.Grant(mutant == LinkMutant.CreditIgnored ? long.MaxValue : limitBytes);

    public override void HandBack(Action<FrameHeader, ReadOnlySequence<byte>> take)
    {
        if (mutant == LinkMutant.HandBackForgotten) Clear();
        else base.HandBack(take);
    }

    private static ReadOnlyMemory<byte> Swapped(ReadOnlyMemory<byte> frames)
    {
        var first = FrameHeader.Read(frames.Span).FrameBytes;
        if (first == frames.Length) return frames;
        var second = FrameHeader.Read(frames.Span[first..]).FrameBytes;
        return (byte[])[.. frames.Span.Slice(first, second), .. frames.Span[..first], .. frames.Span[(first + second)..]];
    }
}
