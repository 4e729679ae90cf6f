namespace Rqml.Cluster;

/// <summary>One leadership: the store's generation and the revision at which its leader was written. Nodes obey the highest they have seen and refuse lower ones.</summary>
public readonly record struct Term(long Generation, long Number) : IComparable<Term>
{
    /// <summary>Below every real term.</summary>
    public static Term None => default;

    /// <inheritdoc/>
    public int CompareTo(Term other) => Generation != other.Generation ? Generation.CompareTo(other.Generation) : Number.CompareTo(other.Number);

    /// <summary>Two numbers with a dot between.</summary>
    public override string ToString() => $"{Generation}.{Number}";

#pragma warning disable CS1591 // the operators say what they say
    public static bool operator <(Term left, Term right) => left.CompareTo(right) < 0;
    public static bool operator >(Term left, Term right) => left.CompareTo(right) > 0;
    public static bool operator <=(Term left, Term right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Term left, Term right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}
