namespace Rqml;

/// <summary>
/// Orders the attempts of a task and the commands of leaders: the generation of the coordination store, the term of the leader, and a number that
/// the leader counts up. Commands and checkpoint writes of an older epoch are refused; a finished result is not.
/// </summary>
public readonly record struct Epoch(long Generation, long Term, long Number) : IComparable<Epoch>
{
    /// <inheritdoc/>
    public int CompareTo(Epoch other)
    {
        if (Generation != other.Generation) return Generation.CompareTo(other.Generation);
        return Term != other.Term ? Term.CompareTo(other.Term) : Number.CompareTo(other.Number);
    }

    /// <summary>Three numbers with dots between.</summary>
    public override string ToString() => $"{Generation}.{Term}.{Number}";

#pragma warning disable CS1591 // the operators say what they say
    public static bool operator <(Epoch left, Epoch right) => left.CompareTo(right) < 0;
    public static bool operator >(Epoch left, Epoch right) => left.CompareTo(right) > 0;
    public static bool operator <=(Epoch left, Epoch right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Epoch left, Epoch right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}
