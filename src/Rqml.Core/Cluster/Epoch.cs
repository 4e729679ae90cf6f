namespace Rqml;

/// <summary>
/// Orders the attempts of a task and the commands of leaders: the generation of the coordination store, the term of the leader, and a number that
/// the leader counts up. Commands and checkpoint writes of an older epoch are refused; a finished result is not.
/// </summary>
/// <remarks>
/// A negative number says that no leader gave the attempt out: while nobody led, the task's own node took it, under the last term that it had obeyed (<see cref="IsSelfAttempt"/>). It is
/// below every number that the leader of that term gives, and above all earlier terms, and names ledger and count, so that it never repeats.
/// </remarks>
public readonly record struct Epoch(long Generation, long Term, long Number) : IComparable<Epoch>
{
    /// <summary>How many attempts one ledger's node may give itself: what the number has room for.</summary>
    internal const long MaxSelfAttempts = (1L << SelfCountBits) - 1;

    private const int SelfCountBits = 31;      // the ledger's id has 32, and the sign one

    /// <summary>Whether a node gave the attempt to itself, as nobody led.</summary>
    public bool IsSelfAttempt => Number < 0;

    /// <summary>The epoch of the attempt that a ledger's node gives itself as its <paramref name="count"/>th.</summary>
    internal static Epoch OfSelf(Cluster.Term obeyed, LedgerId ledger, long count) =>
        new(obeyed.Generation, obeyed.Number, long.MinValue | ((long)ledger.Value << SelfCountBits) | count);

    /// <inheritdoc/>
    public int CompareTo(Epoch other)
    {
        if (Generation != other.Generation) return Generation.CompareTo(other.Generation);
        return Term != other.Term ? Term.CompareTo(other.Term) : Number.CompareTo(other.Number);
    }

    /// <summary>Three numbers with dots between; of a self-attempt, the ledger and its count in the third one's place.</summary>
    public override string ToString() => IsSelfAttempt
        ? $"{Generation}.{Term}.{(uint)(Number >> SelfCountBits):x8}-{Number & MaxSelfAttempts}"
        : $"{Generation}.{Term}.{Number}";

#pragma warning disable CS1591 // the operators say what they say
    public static bool operator <(Epoch left, Epoch right) => left.CompareTo(right) < 0;
    public static bool operator >(Epoch left, Epoch right) => left.CompareTo(right) > 0;
    public static bool operator <=(Epoch left, Epoch right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Epoch left, Epoch right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}
