namespace Rqml.FaultProxy;

/// <summary>Which ways of a connection a fault strikes.</summary>
[Flags]
internal enum Ways
{
    None = 0,

    /// <summary>From whoever connected to whoever listens.</summary>
    Forth = 1,

    Back = 2,

    Both = Forth | Back,
}

/// <summary>What a proxy does to what it carries. Immutable: swapped whole.</summary>
/// <param name="Stalled">Nothing goes on; senders fill what buffers there are, and wait.</param>
/// <param name="Swallowed">Bytes vanish: neither end hears anything, and each believes the other there.</param>
/// <param name="Delay">Before each read goes on.</param>
/// <param name="BytesPerSecond">No more than that; 0: as many as come.</param>
internal sealed record Faults(Ways Stalled = Ways.None, Ways Swallowed = Ways.None, TimeSpan Delay = default, int BytesPerSecond = 0)
{
    public static Faults None { get; } = new();

    public bool Stalls(bool isForth) => Stalled.HasFlag(isForth ? Ways.Forth : Ways.Back);

    public bool Swallows(bool isForth) => Swallowed.HasFlag(isForth ? Ways.Forth : Ways.Back);
}
