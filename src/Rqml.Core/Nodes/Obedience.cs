using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Nodes;

/// <summary>
/// Whose commands a node obeys: those of the highest term that it has heard of, to this start of it, each once. Apart from the machine, as this is all that keeps a command of yesterday from
/// being obeyed today.
/// </summary>
internal sealed class Obedience(Peer self, NodeSettings settings)
{
    private ObeyedEpochs _obeyed = new();

    /// <summary>This start of the node.</summary>
    public Peer Self { get; private set; } = self;

    /// <summary>The highest term that it has heard of.</summary>
    public Term Term { get; private set; }

    /// <summary>Takes back what the disk holds.</summary>
    public void Restore(Term obeyed) => Term = obeyed;

    /// <summary>Obeys that term from here on, durably, where it is a higher one.</summary>
    public void Follow(Term term, EffectBuffer<NodeEffect> effects)
    {
        if (term <= Term) return;
        Term = term;
        effects.Add(NodeEffect.WriteTerm(term));
    }

    /// <summary>Whether the term is of a store that was restored: it may have forgotten that we are a member, and what was agreed on with us.</summary>
    public bool IsOfRestoredStore(Term term) => term.Generation > Term.Generation && Term != Term.None;

    /// <summary>The node goes on as a new start of itself, to which nothing has been said yet.</summary>
    public void BeginAnew()
    {
        Self = Self with { Incarnation = new Incarnation(new SplitMix64(Self.Incarnation.Value).Next() | 1) };
        _obeyed = new ObeyedEpochs();
    }

    /// <summary>Why a command to that start of the node, of that term, is not obeyed; null where it is.</summary>
    public RefusalReason? WhyStale(Incarnation to, Term term)
    {
        if (to != Self.Incarnation) return RefusalReason.OtherIncarnation;
        return term == Term ? null : RefusalReason.StaleEpoch;
    }

    /// <summary>Whether an assignment under that epoch has not been obeyed yet; from here on it has.</summary>
    public bool TryObey(Epoch epoch) => settings.TryObey(_obeyed, epoch);

    public void Refuse(in Message command, RefusalReason reason, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(command.From, new Message(MessageKind.Refused, Self, command.Task, command.Epoch, (long)reason)));

    /// <summary>Which epochs it has obeyed, for explorations that tell states apart.</summary>
    public string Describe() => _obeyed.Describe();
}
