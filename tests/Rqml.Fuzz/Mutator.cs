using System.Buffers.Binary;
using Rqml.Tasks;

namespace Rqml.Fuzz;

/// <summary>Makes inputs of inputs: flipped bits, lies about lengths, cuts, pieces twice or of another input, and numbers at which arithmetic goes wrong.</summary>
internal sealed class Mutator(ulong seed)
{
    private const int LongestInput = 64 << 10;
    private static readonly long[] Interesting =
        [0, 1, -1, 2, 7, 8, 15, 16, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 56, long.MaxValue, long.MinValue, long.MaxValue - 64];

    private SplitMix64 _random = new(seed);

    public int Below(int bound) => _random.NextInt(bound);

    public byte[] Next(IReadOnlyList<byte[]> pool, bool isText)
    {
        if (Below(50) == 0) return Noise(isText);
        var input = new List<byte>(pool[Below(pool.Count)]);
        for (var left = Below(2) == 0 ? 1 : 1 + Below(5); left > 0; left--) Change(input, pool, isText);
        if (input.Count > LongestInput) input.RemoveRange(LongestInput, input.Count - LongestInput);
        return [.. input];
    }

    private byte[] Noise(bool isText)
    {
        var noise = new byte[Below(200)];
        for (var at = 0; at < noise.Length; at++) noise[at] = Byte(isText);
        return noise;
    }

    private byte Byte(bool isText) => isText ? "0123456789abcdefABCDEF-{}[]\":,._ xX%"u8[Below(35)] : (byte)_random.Next();

    private void Change(List<byte> input, IReadOnlyList<byte[]> pool, bool isText)
    {
        var at = Below(input.Count + 1);
        var rest = input.Count - at;
        switch (Below(isText ? 7 : 11))
        {
            case 0 when rest > 0:
                input[at] = Byte(isText);
                break;
            case 1:
                input.RemoveRange(at, Math.Min(1 + Below(8), rest));
                break;
            case 2:
                input.Insert(at, Byte(isText));
                break;
            case 3:
                input.RemoveRange(at, rest);
                break;
            case 4 when rest > 0:
                // A piece twice, or many times: repeated fields.
                var piece = input.GetRange(at, Math.Min(1 + Below(64), rest));
                for (var times = Below(8) == 0 ? 1 + Below(200) : 1; times > 0; times--) input.InsertRange(at, piece);
                break;
            case 5:
                // The beginning of one and the end of another.
                var other = pool[Below(pool.Count)];
                input.RemoveRange(at, rest);
                input.AddRange(other[Below(other.Length + 1)..]);
                break;
            case 6 when rest > 0:
                input[at] ^= (byte)(1 << Below(isText ? 7 : 8));
                break;
            case 7 when rest > 0:
                // A length, or a number, by a little.
                input[at] = (byte)(input[at] + Below(5) - 2);
                break;
            case 8:
                Overwrite(input, at);
                break;
            case 9:
                InsertVarint(input, at);
                break;
            default:
                if (rest > 0) input[at] ^= (byte)(1 << Below(8));
                break;
        }
    }

    private void Overwrite(List<byte> input, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        var value = Interesting[Below(Interesting.Length)];
        if (Below(2) == 0) BinaryPrimitives.WriteInt64LittleEndian(number, value);
        else BinaryPrimitives.WriteInt64BigEndian(number, value);
        var length = 1 << Below(4);
        var bytes = BitConverter.IsLittleEndian && Below(2) == 0 ? number[..length] : number[^length..];
        for (var i = 0; i < bytes.Length && at + i < input.Count; i++) input[at + i] = bytes[i];
    }

    private void InsertVarint(List<byte> input, int at)
    {
        var value = (ulong)Interesting[Below(Interesting.Length)];
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        input.InsertRange(at, bytes);
    }
}
