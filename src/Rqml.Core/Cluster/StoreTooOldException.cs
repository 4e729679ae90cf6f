namespace Rqml.Cluster;

/// <summary>
/// The coordination store has gone back behind what this node knows of it, as one does that was restored from a backup. Nothing is taken from it nor written to it, until an operator has raised
/// its generation; then this node goes on by itself.
/// </summary>
public sealed class StoreTooOldException(Term known, Term found)
    : RqmlException($"The coordination store was at generation and revision {known}, and is at {found}: if it was restored from a backup, raise its generation.")
{
    /// <summary>The generation and the revision that it had reached.</summary>
    public Term Known { get; } = known;

    /// <summary>Where it was found.</summary>
    public Term Found { get; } = found;
}
