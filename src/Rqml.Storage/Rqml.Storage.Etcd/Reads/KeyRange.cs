using System.Text;
using Google.Protobuf;

namespace Rqml.Storage.Etcd.Reads;

/// <summary>All keys that begin with a prefix, as etcd says it: from a key to another that is no longer meant.</summary>
internal readonly record struct KeyRange(ByteString First, ByteString End)
{
    // Strict: two keys that are no text must not become the same one.
    private static readonly UTF8Encoding Text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // To etcd a zero byte is "from the least key on", or "to the end of all".
    private static readonly ByteString Zero = ByteString.CopyFrom(0);

    /// <exception cref="ArgumentException">The prefix ends in half a character.</exception>
    public static KeyRange OfPrefix(string prefix)
    {
        if (prefix.Length == 0) return new KeyRange(Zero, Zero);
        var bytes = Bytes(prefix).ToByteArray();
        var end = (byte[])bytes.Clone();
        end[^1]++;      // in UTF-8 no byte is 0xFF, so that nothing has to be carried
        return new KeyRange(ByteString.CopyFrom(bytes), ByteString.CopyFrom(end));
    }

    /// <exception cref="ArgumentException">The key is no text: half of a character stands alone.</exception>
    public static ByteString Bytes(string key) => ByteString.CopyFrom(Text.GetBytes(key));

    /// <summary>The key as text; null where it is none, so that nobody who uses this seam has written it.</summary>
    public static string? Key(ByteString key)
    {
        try
        {
            return Text.GetString(key.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The least key after this one.</summary>
    public static ByteString After(ByteString key)
    {
        var next = new byte[key.Length + 1];
        key.Span.CopyTo(next);
        return UnsafeByteOperations.UnsafeWrap(next);
    }

    public bool Contains(ByteString key) => key.Span.SequenceCompareTo(First.Span) >= 0 && (End.Equals(Zero) || key.Span.SequenceCompareTo(End.Span) < 0);
}
