using System.Diagnostics;

namespace Rqml.Messaging.Frames;

/// <summary>A W3C trace context as it stands before a traced message: trace id, span id, flags, in 25 bytes.</summary>
internal static class TraceContext
{
    public const int Bytes = 25;

    public static void Write(in ActivityContext context, Span<byte> to)
    {
        context.TraceId.CopyTo(to[..16]);
        context.SpanId.CopyTo(to[16..24]);
        to[24] = (byte)context.TraceFlags;
    }

    /// <summary>Null where the ids are all zero, which W3C calls invalid.</summary>
    public static ActivityContext? Read(ReadOnlySpan<byte> from)
    {
        if (from[..16].IndexOfAnyExcept((byte)0) < 0 || from[16..24].IndexOfAnyExcept((byte)0) < 0) return null;
        return new ActivityContext(ActivityTraceId.CreateFromBytes(from[..16]), ActivitySpanId.CreateFromBytes(from[16..24]), (ActivityTraceFlags)(from[24] & 1), isRemote: true);
    }
}
