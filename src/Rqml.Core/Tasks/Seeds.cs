using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rqml.Tasks;

/// <summary>Where a task's randomness comes from: the same task gives the same numbers, wherever and however often it runs.</summary>
internal static class Seeds
{
    /// <summary>Of a task: by its idempotency key, so that a new run of the same work draws the same numbers.</summary>
    public static ulong OfTask(ulong host, string @class, string idempotencyKey)
    {
        var text = Encoding.UTF8.GetBytes($"{host:x16}\0{@class}\0{idempotencyKey}");
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(text));
    }

    /// <summary>Of a task without an idempotency key: by its id.</summary>
    public static ulong OfTask(ulong host, TaskId task)
    {
        Span<byte> id = stackalloc byte[TaskId.Bytes];
        task.WriteTo(id);
        return Mix(Mix(host, BinaryPrimitives.ReadUInt64BigEndian(id), 0), BinaryPrimitives.ReadUInt64BigEndian(id[8..]), 1);
    }

    /// <summary>Of one pass of a task.</summary>
    public static ulong OfPass(ulong task, int iteration, int pass) => Mix(task, (ulong)iteration, (ulong)pass);

    private static ulong Mix(ulong a, ulong b, ulong c)
    {
        var random = new SplitMix64(a ^ (b * 0xD6E8_FEB8_6659_FD93) ^ (c * 0xA5A3_5647_5D2E_6F1B));
        return random.Next();
    }
}
