using System.Buffers;
using Rqml.Transports.Grpc.Links;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Fuzz.Targets;

/// <summary>What the transports read before a link sees any of it: it comes from whoever connects.</summary>
internal static class TransportTargets
{
    private const int PieceBytes = 3;      // shorter than a prefix, so that each lies in two pieces

    private static readonly byte[][] Blocks = [[], [7], [.. Enumerable.Range(0, 200).Select(value => (byte)value)], new byte[20_000]];

    public static IEnumerable<FuzzTarget> All() =>
    [
        new("tcp-blocks", [Stream(Blocks[..3]), Stream([Blocks[1], Blocks[0], Blocks[1]]), Stream([Blocks[3]])], bytes => Same(bytes, ReadStream)) { Refusals = [typeof(InvalidDataException)], Cost = 4 },
        new("grpc-block", [.. Blocks.Select(WriteMessage)], bytes => Same(bytes, message => WriteMessage(BlockCodec.Read(message).ToArray()))) { Refusals = [typeof(InvalidDataException)] },
        new("zmq-session", [.. Sessions()], ReadSession),
    ];

    private static byte[] Stream(byte[][] blocks)
    {
        var written = new ArrayBufferWriter<byte>();
        foreach (var block in blocks) Write(block, written);
        return written.WrittenSpan.ToArray();
    }

    private static void Write(ReadOnlySpan<byte> block, ArrayBufferWriter<byte> written)
    {
        BlockPrefix.Write(block.Length, written.GetSpan(BlockPrefix.Bytes));
        written.Advance(BlockPrefix.Bytes);
        written.Write(block);
    }

    /// <summary>Every block that is whole, as a link takes them off its stream.</summary>
    private static byte[] ReadStream(ReadOnlySequence<byte> received)
    {
        var written = new ArrayBufferWriter<byte>();
        while (BlockPrefix.TryRead(received, out var block))
        {
            Write(block.ToArray(), written);
            received = received.Slice(block.End);
        }

        return written.WrittenSpan.ToArray();
    }

    private static byte[] WriteMessage(byte[] block)
    {
        var written = new ArrayBufferWriter<byte>();
        BlockCodec.Write(new ReadOnlySequence<byte>(block), written);
        if (written.WrittenCount != BlockCodec.Measure(block.Length)) throw new InvalidOperationException($"{written.WrittenCount} bytes were written, and {BlockCodec.Measure(block.Length)} announced.");
        return written.WrittenSpan.ToArray();
    }

    private static IEnumerable<byte[]> Sessions() =>
        Enum.GetValues<SessionMessageKind>().Where(kind => kind is not (SessionMessageKind.Block or SessionMessageKind.Credit)).Select(kind => Bytes(SessionMessage.Of(kind, 42)))
            .Concat(Blocks[..3].Select(block => Bytes(SessionMessage.OfBlock(42, new ReadOnlySequence<byte>(block)))))
            .Append(Bytes(SessionMessage.OfCredit(42, 1 << 20)));

    private static byte[]? ReadSession(byte[] bytes)
    {
        if (!SessionMessage.TryRead(bytes, out var kind, out var session)) return null;
        return Bytes(kind switch
        {
            SessionMessageKind.Block => SessionMessage.OfBlock(session, new ReadOnlySequence<byte>(bytes.AsMemory(SessionMessage.HeaderBytes))),
            SessionMessageKind.Credit => SessionMessage.OfCredit(session, SessionMessage.UsedUp(bytes)),
            _ => SessionMessage.Of(kind, session),
        });
    }

    private static byte[] Bytes(NetMQ.Msg message)
    {
        var bytes = message.Slice().ToArray();
        message.Close();
        return bytes;
    }

    /// <summary>What came in one piece has to say the same as what came in many.</summary>
    private static byte[] Same(byte[] bytes, Func<ReadOnlySequence<byte>, byte[]> read)
    {
        var whole = Try(() => read(new ReadOnlySequence<byte>(bytes)));
        var pieces = Try(() => read(Pieces(bytes)));
        if (!whole.AsSpan().SequenceEqual(pieces)) throw new InvalidOperationException("In one piece and in many it is not the same.");
        return whole ?? read(new ReadOnlySequence<byte>(bytes));

        static byte[]? Try(Func<byte[]> reading)
        {
            try
            {
                return reading();
            }
            catch (InvalidDataException)
            {
                return null;
            }
        }
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes)
    {
        if (bytes.Length <= PieceBytes) return new ReadOnlySequence<byte>(bytes);
        var first = new Piece(bytes.AsMemory(0, PieceBytes), null);
        var last = first;
        for (var at = PieceBytes; at < bytes.Length; at += PieceBytes) last = new Piece(bytes.AsMemory(at, Math.Min(PieceBytes, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
