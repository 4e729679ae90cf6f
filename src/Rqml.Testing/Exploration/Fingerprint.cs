using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Rqml.Testing.Exploration;

/// <summary>
/// 128 bits of a state's description: two states with the same are taken for one (a collision among a million states has a chance below 10^-26). Where there are many states, a description
/// is put together from its parts without a text of it.
/// </summary>
internal ref struct Fingerprint
{
    [ThreadStatic] private static byte[]? _ofThread;

    private byte[] _bytes = _ofThread ??= new byte[4_096];
    private int _length;

    public Fingerprint()
    {
    }

    public static UInt128 Of(string description) => Of(Encoding.UTF8.GetBytes(description));

    public void Add(long part) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), part);

    public void Add(bool part) => Room(1)[0] = part ? (byte)1 : (byte)0;

    /// <summary>With its length, so that no two texts one after the other are taken for two others.</summary>
    public void Add(string? part)
    {
        Add(part?.Length ?? -1);
        var bytes = MemoryMarshal.AsBytes(part.AsSpan());
        bytes.CopyTo(Room(bytes.Length));
    }

    public void Add(Epoch part)
    {
        Add(part.Generation);
        Add(part.Term);
        Add(part.Number);
    }

    public readonly UInt128 End() => Of(_bytes.AsSpan(0, _length));

    private static UInt128 Of(ReadOnlySpan<byte> description)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(description, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private Span<byte> Room(int bytes)
    {
        if (_length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
            _ofThread = _bytes;
        }

        _length += bytes;
        return _bytes.AsSpan(_length - bytes, bytes);
    }
}
