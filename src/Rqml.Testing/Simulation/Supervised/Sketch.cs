using System.Buffers.Binary;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>The artifact of a supervised work: how good it is, and a mark that tells it from others as good.</summary>
internal readonly record struct Sketch(double Quality, ulong Mark)
{
    public byte[] ToBytes()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, Quality);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Mark);
        return bytes;
    }

    public static Sketch Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadDoubleLittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
}
