namespace Rqml;

/// <summary>One start of a node. A node that comes back has another; what is addressed to the old one is refused.</summary>
/// <remarks>Random, never zero: a disk restored from a backup cannot repeat one.</remarks>
public readonly record struct Incarnation(ulong Value)
{
    /// <summary>Sixteen hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", null);
}
