using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rqml.Testing.Exploration;

/// <summary>128 bits of a state's description: two states with the same are taken for one (a collision among a million states has a chance below 10^-26).</summary>
internal static class Fingerprint
{
    public static UInt128 Of(string description)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(description), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
