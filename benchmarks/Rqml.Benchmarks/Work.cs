using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Rqml.Benchmarks;

/// <summary>What a task is about in every benchmark of whole tasks: a fresh payload, and its digest as the artifact, made by the worker and checked by the caller.</summary>
internal static class Work
{
    public const int PayloadBytes = 256;

    /// <summary>Tasks that are under way at once.</summary>
    public const int InFlight = 1_024;

    public const int Workers = 16;

    public static byte[] NewPayload(int bytes, long number)
    {
        var payload = new byte[bytes];
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        payload.AsSpan(8).Fill((byte)number);
        return payload;
    }

    public static byte[] Digest(ReadOnlySpan<byte> payload)
    {
        var digest = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(digest, Sum(payload));
        return digest;
    }

    /// <exception cref="InvalidOperationException">It is the digest of something else.</exception>
    public static void Check(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> digest)
    {
        if (digest.Length != sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(digest) != Sum(payload)) throw new InvalidOperationException("A task came back with the wrong artifact.");
    }

    /// <summary>Drives so many tasks through <paramref name="one"/>, never more than <see cref="InFlight"/> at once.</summary>
    public static async Task DriveAsync(int tasks, int inFlight, Func<long, ValueTask> one)
    {
        var next = 0L;
        var callers = new Task[inFlight];
        for (var caller = 0; caller < callers.Length; caller++) callers[caller] = CallAsync();
        await Task.WhenAll(callers);

        async Task CallAsync()
        {
            await Task.Yield();
            while (Interlocked.Increment(ref next) is var number && number <= tasks) await one(number);
        }
    }

    private static ulong Sum(ReadOnlySpan<byte> payload)
    {
        var sum = 14695981039346656037UL;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(payload)) sum = (sum ^ word) * 1099511628211UL;
        return sum;
    }
}
