using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rqml.Soak;

/// <summary>What the application writes down, and nothing of Rqml does: the soak is judged by it.</summary>
internal enum EntryKind : byte
{
    /// <summary>The task is about to be submitted, under a key of its own.</summary>
    Intended = 1,

    /// <summary>Its submission has been acknowledged.</summary>
    Acknowledged,

    /// <summary>Its completion has been heard for the first time.</summary>
    Heard,

    /// <summary>Its completion has been asked for and heard again.</summary>
    HeardAgain,

    /// <summary>It was acknowledged, and is not known any more.</summary>
    Unknown,

    /// <summary>A cancel was answered with yes.</summary>
    Cancelled,

    /// <summary>It has come back with an artifact that its models never made, or a model was given one.</summary>
    Wrong,

    /// <summary>A model has been called for it.</summary>
    Called,
}

/// <summary>One line of the application's logs: of the same length always, so that a torn one is seen.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Number">The application's own number of the task.</param>
/// <param name="Task">The id that Rqml gave it; default where it is not known yet.</param>
/// <param name="At">By the monotonic clock of the machine, which its processes share.</param>
/// <param name="Detail">Of a completion: a hash of all that it says.</param>
/// <param name="Outcome">Of a completion.</param>
/// <param name="Iteration">Of a call.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Entry(EntryKind Kind, long Number, TaskId Task, long At, ulong Detail = 0, Outcome Outcome = default, int Iteration = 0)
{
    public static int Bytes { get; } = Unsafe.SizeOf<Entry>();

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        MemoryMarshal.Write(bytes, in this);
        return bytes;
    }

    /// <summary>The whole entries of a log, in the order in which they were written.</summary>
    public static IEnumerable<Entry> In(string path)
    {
        if (!File.Exists(path)) yield break;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 16);
        var bytes = new byte[Bytes];
        while (file.ReadAtLeast(bytes, Bytes, throwOnEndOfStream: false) == Bytes) yield return MemoryMarshal.Read<Entry>(bytes);
    }
}
