using System.Text;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;
using Rqml.Testing.Exploration;

namespace Rqml.Core.Tests.Nodes;

/// <summary>
/// One shipped node and two leaders, of which the first does not know that it is deposed. Each assigns its task to the starts of the node that reported to its term;
/// what was sent comes at any time and any number of times. The node may be killed between any two steps.
/// </summary>
internal sealed class ObedienceModel
{
    private const int Leaders = 2;

    private static readonly Peer Ledger = new(new NodeId("ledger"), new Incarnation(9), "");

    private readonly Instance _instance;
    private readonly TaskId[] _ids;
    private readonly ExploredNode _node;
    private readonly SortedDictionary<string, Message> _network = new(StringComparer.Ordinal);
    private long _highest;
    private long _number;
    private int _deaths;
    private string? _violation;

    public ObedienceModel(Instance instance)
    {
        _instance = instance;
        var ids = new TaskIdSource(new LedgerId(7), 1);
        _ids = [.. Enumerable.Range(0, Leaders).Select(_ => ids.Next(1_000))];
        _node = new ExploredNode("node", 1, lanes: 1, machine => instance.IsTermVolatile ? new VolatileTermNode(machine) : machine) { KeepsReports = true };
        for (var term = 1; term <= Leaders; term++) Send(new Message(MessageKind.Welcome, Leader(term), Epoch: new Epoch(1, term, 0)));
        Start();
    }

    private ObedienceModel(ObedienceModel from)
    {
        (_instance, _ids, _node) = (from._instance, from._ids, from._node.Clone());
        foreach (var (key, message) in from._network) _network.Add(key, message);
        (_highest, _number, _deaths) = (from._highest, from._number, from._deaths);
    }

    public string? Violation => _violation;

    /// <summary>The node works for the second leader.</summary>
    public bool IsGoal => _node.Machine?.Find(_ids[Leaders - 1]) is not null;

    public IEnumerable<Move<ObedienceModel>> Moves()
    {
        if (_node.Machine is null)
        {
            yield return On("node starts", model => model.Start());
            yield break;
        }

        foreach (var (key, message) in _network) yield return On($"node gets {key}", model => model.Hear(message));
        if (_node.HasPending) yield return On("node commits", model => model.CarryOut(model._node.Commit()));
        if (_deaths == _instance.Deaths) yield break;
        yield return On("node is killed", model => model.Die(isWritten: false), isFault: true);
        if (_node.HasWrites) yield return On("node is killed after the write", model => model.Die(isWritten: true), isFault: true);
    }

    public UInt128 Fingerprint()
    {
        var text = new StringBuilder();
        _node.Describe(text);
        text.Append($"|{_highest} {_number} {_deaths} ").AppendJoin(',', _network.Keys);
        return Rqml.Testing.Exploration.Fingerprint.Of(text.ToString());
    }

    private static Peer Leader(long term) => new(new NodeId($"leader-{term}"), new Incarnation((ulong)term), "");

    private Move<ObedienceModel> On(string name, Action<ObedienceModel> change, bool isFault = false)
    {
        var next = new ObedienceModel(this);
        change(next);
        return new Move<ObedienceModel>(name, next, isFault);
    }

    private void Start()
    {
        _node.Start(_instance.ForgetsTerm);
        CarryOut(_node.Tick());
    }

    private void Die(bool isWritten)
    {
        _deaths++;
        _node.Die(isWritten);
    }

    private void Hear(in Message message)
    {
        var before = _node.Machine!.Find(message.Task)?.Attempt.Epoch;
        CarryOut(_node.Hear(NodeEvent.Of(message)));
        if (message.Kind == MessageKind.Assign && _node.Machine!.Find(message.Task)?.Attempt.Epoch is { } taken && taken != before) Obeys(taken.Term);
    }

    private void CarryOut(NodeEffect[] effects)
    {
        foreach (var effect in effects)
        {
            if (effect.Kind == NodeEffectKind.StartRun) _node.Run(effect);
            if (effect is not { Kind: NodeEffectKind.Send, Message.Kind: MessageKind.Report }) continue;
            var term = ((NodeReport)effect.Message.Body!).Term.Number;
            if (term == 0) continue;
            Obeys(term);
            Assign(term, effect.Message.From.Incarnation);
        }
    }

    /// <summary>A leader that was told that the node obeys it counts on that: from here on the node obeys no lower one.</summary>
    private void Obeys(long term)
    {
        if (term < _highest) _violation = $"(d) the node obeys term {term}, and obeyed term {_highest} before";
        _highest = Math.Max(_highest, term);
    }

    private void Assign(long term, Incarnation to)
    {
        if (_network.Values.Any(sent => sent.Body is Assignment made && made.Term.Number == term && made.To == to)) return;
        var task = _ids[term - 1];
        var spec = new TaskSpec { Id = task, Class = new ClassKey("explored", 1), Payload = default };
        Send(new Message(MessageKind.Assign, Leader(term), task, new Epoch(1, term, ++_number), Body: new Assignment(spec, Ledger, to, long.MaxValue, false) { Term = new Term(1, term) }));
    }

    private void Send(in Message message) => _network.Add($"{message.Kind} {message.Epoch}", message);

    /// <summary>How often the node dies, and the rule that is broken on purpose, if any.</summary>
    public readonly record struct Instance(int Deaths, bool IsTermVolatile = false, bool ForgetsTerm = false);

    /// <summary>A node that does not write down which term it obeys.</summary>
    private sealed class VolatileTermNode(NodeMachine node) : IMachine<NodeEvent, NodeEffect>
    {
        private readonly EffectBuffer<NodeEffect> _made = new();

        public long NextDueMs => node.NextDueMs;

        public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
        {
            node.Step(@event, nowMs, _made);
            PassOn(effects);
        }

        public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
        {
            node.Tick(nowMs, _made);
            PassOn(effects);
        }

        private void PassOn(EffectBuffer<NodeEffect> effects)
        {
            foreach (ref readonly var effect in _made.Effects)
            {
                if (effect.Kind != NodeEffectKind.WriteTerm) effects.Add(effect);
            }

            _made.Clear();
        }
    }
}
