using System.Collections;
using System.Runtime.CompilerServices;

namespace Rqml.Supervision;

/// <summary>
/// Decisions that no checkpoint holds yet, chained from the newest back, so that one more costs no copy of the others. Read in the order in which they were made.
/// </summary>
[CollectionBuilder(typeof(DecisionChain), nameof(Of))]
internal sealed class DecisionChain : IEnumerable<DecisionRecord>
{
    private readonly DecisionRecord? _newest;      // null: of none
    private DecisionChain? _earlier;

    private DecisionChain(DecisionRecord? newest, DecisionChain? earlier) => (_newest, _earlier) = (newest, earlier);

    public static DecisionChain None { get; } = new(null, null);

    public static DecisionChain Of(ReadOnlySpan<DecisionRecord> decisions)
    {
        var chain = None;
        foreach (var decision in decisions) chain = chain.Add(decision);
        return chain;
    }

    public DecisionChain Add(DecisionRecord decision) => new(decision, this);

    /// <summary>Puts these decisions behind earlier ones, which nothing was behind before; without a copy. Only for whoever owns the chain, before others see it.</summary>
    /// <param name="earlier">What comes before the first of these; called again with another, that takes its place.</param>
    /// <param name="first">The first of these, from <see cref="First"/>.</param>
    public DecisionChain After(DecisionChain earlier, DecisionChain first)
    {
        if (_newest is null) return earlier;
        first._earlier = earlier;
        return this;
    }

    /// <summary>The link of the first decision; itself where there is none.</summary>
    public DecisionChain First()
    {
        var first = this;
        while (first._earlier is { _newest: not null } earlier) first = earlier;
        return first;
    }

    public IEnumerator<DecisionRecord> GetEnumerator()
    {
        var made = new Stack<DecisionRecord>();
        for (var link = this; link is { _newest: { } decision }; link = link._earlier) made.Push(decision);
        return made.GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
