using System.Buffers.Binary;
using Rqml.Messaging;

namespace Rqml.Soak.Fabric;

/// <summary>What one side has sent or received, written down by the side itself: for each channel a file of numbers, in their order.</summary>
internal sealed class MessageLog(string folder, string side) : IDisposable
{
    private readonly Dictionary<FabricChannel, BufferedStream> _files = ChannelPromise.All
        .Where(promise => promise.Delivery == Delivery.AtLeastOnce)
        .ToDictionary(promise => promise.Channel, promise => new BufferedStream(File.Create(PathOf(folder, side, promise.Channel)), 1 << 20));

    public static string PathOf(string folder, string side, FabricChannel channel) => Path.Combine(folder, $"{side}-{channel}");

    public void Add(FabricChannel channel, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _files[channel].Write(bytes);
    }

    public void Dispose()
    {
        foreach (var file in _files.Values) file.Dispose();
    }

    /// <summary>What is wrong between the two sides; nothing where each received what the other sent, once and in order.</summary>
    public static IEnumerable<string> Compare(string folder)
    {
        foreach (var promise in ChannelPromise.All.Where(promise => promise.Delivery == Delivery.AtLeastOnce))
        {
            var sent = Numbers(PathOf(folder, "sender", promise.Channel)).GetEnumerator();
            var received = Numbers(PathOf(folder, "receiver", promise.Channel)).GetEnumerator();
            for (long at = 1; ; at++)
            {
                var (isSent, isReceived) = (sent.MoveNext(), received.MoveNext());
                if (isSent != isReceived) yield return $"{promise.Name}: {(isSent ? "more was sent than received" : "more was received than sent")}, from place {at} on";
                if (!isSent || !isReceived) break;
                if (sent.Current == received.Current) continue;
                yield return $"{promise.Name}: at place {at} message {sent.Current} was sent, and {received.Current} received";
                break;
            }
        }
    }

    private static IEnumerable<long> Numbers(string path)
    {
        using var file = new BufferedStream(File.OpenRead(path), 1 << 20);
        var bytes = new byte[sizeof(long)];
        while (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length) yield return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }
}
