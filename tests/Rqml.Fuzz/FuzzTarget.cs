using Rqml.Protocol;

namespace Rqml.Fuzz;

/// <summary>A decoder, and what it is held to.</summary>
/// <param name="Name">Names the file of its corpus too.</param>
/// <param name="Seeds">What a writer of ours has written.</param>
/// <param name="Read">
/// Decodes, and gives what a writer of ours makes of the value; null where the bytes were refused by a return value. Whatever it throws beside the typed
/// refusals is a fault.
/// </param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, Func<byte[], byte[]?> Read)
{
    /// <summary>The errors by which it may refuse, themselves and nothing derived from them.</summary>
    public IReadOnlyList<Type> Refusals { get; init; } = [typeof(RecordDamagedException)];

    /// <summary>Makes a checksum right again, so that what lies behind it is reached too; null where there is none.</summary>
    public Func<byte[], byte[]>? Repair { get; init; }

    /// <summary>Bytes that it may allocate for each byte of its input: an empty element of two bytes becomes an object.</summary>
    public long BytesPerByte { get; init; } = 400;

    /// <summary>Whether it takes text: then mutations are of characters.</summary>
    public bool IsText { get; init; }

    /// <summary>Of how many inputs this target gets one: those that open files are slow.</summary>
    public int Cost { get; init; } = 1;
}
