using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>A scheduler's machine alone: the test is its clock, its coordination store, the ledger and the nodes.</summary>
internal sealed class SchedulerBench
{
    public static readonly ClassKey Work = new("work", 1);
    public static readonly Term Term = new(1, 1);
    public static readonly LedgerId Ledger = new(7);
    public static readonly Peer Operator = new(new NodeId("operator"), new Incarnation(4), "");

    private Peer _ledger = new(new NodeId("ledger"), new Incarnation(2), "");
    private readonly TaskIdSource _ids = new(Ledger, 1);
    private readonly EffectBuffer<SchedulerEffect> _effects = new();
    private readonly Dictionary<string, ulong> _incarnations = [];

    /// <param name="settings">Other than the usual.</param>
    /// <param name="members">Who is registered when the term begins.</param>
    /// <param name="before">What it hears while another leads; null: it leads as soon as it is up.</param>
    /// <param name="upMs">How long it has been up by then.</param>
    public SchedulerBench(SchedulerSettings? settings = null, IReadOnlyList<Peer>? members = null, IReadOnlyList<SchedulerEvent>? before = null, long upMs = 10_000)
    {
        Machine = new SchedulerMachine(new Peer(new NodeId("scheduler"), new Incarnation(1), ""), settings ?? new SchedulerSettings(), seed: 7, NowMs);
        if (before is not null)
        {
            NowMs += upMs;
            foreach (var heard in before) Step(heard);
        }

        Step(SchedulerEvent.Elected(Term, members ?? []));
    }

    public SchedulerMachine Machine { get; }

    public long NowMs { get; private set; } = 1_000_000;

    public List<SchedulerEffect> Effects { get; } = [];

    /// <summary>Every assignment so far: which task went where.</summary>
    public IEnumerable<(TaskId Task, string Node)> Assigned =>
        from effect in Effects
        where effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Assign } && effect.Message.Body is Assignment { Adopted: false }
        select (effect.Message.Task, effect.To.Node.Value);

    /// <summary>Every welcome so far.</summary>
    public IEnumerable<string> Welcomed => Effects.Where(effect => effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Welcome }).Select(effect => effect.To.Node.Value);

    public IEnumerable<string> Fenced => Effects.Where(effect => effect.Kind == SchedulerEffectKind.Fence).Select(effect => effect.To.Node.Value);

    /// <summary>Lets a node join: it reports, is registered, and reports again to this term.</summary>
    public void Join(string node, int limit = 10, params ClassKey[] classes)
    {
        _incarnations[node] = _incarnations.GetValueOrDefault(node) + 1;
        Report(node, limit, classes);
        Step(SchedulerEvent.Registered(PeerOf(node), Term));
        Report(node, limit, classes);
    }

    /// <summary>The node reports that it takes nothing new, and what it still holds.</summary>
    public void ReportDraining(string node, bool leaving = false, long turns = 0, params HeldAttempt[] held) =>
        Step(SchedulerEvent.Of(new Message(MessageKind.Report, PeerOf(node), Body: new NodeReport
        {
            Term = Term,
            Classes = [Work],
            Limit = 10,
            Draining = true,
            Leaving = leaving,
            Turns = turns,
            Load = new NodeLoad(2, 0, 0, 0, NodeSettings.NoDevices, 0),
            Held = held,
        })));

    public void Report(string node, int limit = 10, ClassKey[]? classes = null, bool draining = false, double pressure = 0, params HeldAttempt[] held) =>
        Step(SchedulerEvent.Of(new Message(MessageKind.Report, PeerOf(node), Body: new NodeReport
        {
            Term = Term,
            Classes = classes is { Length: > 0 } ? classes : [Work],
            Limit = limit,
            Draining = draining,
            Load = new NodeLoad(2, 0, 0, pressure, NodeSettings.NoDevices, 0),
            Held = held,
        })));

    public TaskSpec Announce(string? key = null, double difficulty = double.NaN, int payloadBytes = 0, int priority = 0, ClassKey? @class = null, string ledger = "ledger", long number = 0)
    {
        var spec = Spec() with { Class = @class ?? Work, Payload = new byte[payloadBytes], PartitionKey = key, Difficulty = difficulty, Priority = priority };
        Announce(spec, number, ledger);
        return spec;
    }

    public void Announce(TaskSpec spec, long number, string ledger = "ledger") =>
        Step(SchedulerEvent.Of(new Message(MessageKind.Announce, ledger == "ledger" ? _ledger : PeerOf(ledger), spec.Id, Number: number, Body: spec)));

    /// <summary>A task of its own, which nobody has announced.</summary>
    public TaskSpec Spec() => new() { Id = _ids.Next(NowMs), Class = Work, Payload = Array.Empty<byte>() };

    /// <summary>The ledger says that the task is settled, by the attempt that the scheduler last made of it.</summary>
    public void Settle(TaskSpec task, int iterations = 4)
    {
        Step(SchedulerEvent.Of(new Message(MessageKind.TaskSettled, _ledger, task.Id, EpochOf(task), iterations)));
    }

    /// <summary>The ledger's process has died, and another is there in its place.</summary>
    public void RestartLedger() => _ledger = _ledger with { Incarnation = new Incarnation(_ledger.Incarnation.Value + 1) };

    /// <summary>The ledger says who it is.</summary>
    public void GreetFromLedger() => Greet(Ledger, _ledger);

    /// <summary>A ledger says who it is, and in which process.</summary>
    public void Greet(LedgerId ledger, Peer from) => Step(SchedulerEvent.Of(new Message(MessageKind.Greet, from, TaskId.Create(0, 0, ledger), new Epoch(Term.Generation, Term.Number, 0), 1)));

    /// <summary>Tasks that the ledger was asked about: whether they are still open.</summary>
    public IEnumerable<TaskId> Inquired => Effects.Where(effect => effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Inquire }).Select(effect => effect.Message.Task);

    /// <summary>The ledger says that the task is settled, which nobody was given.</summary>
    public void SettleUnassigned(TaskSpec task) => Step(SchedulerEvent.Of(new Message(MessageKind.TaskSettled, _ledger, task.Id)));

    /// <summary>The coordination store has answered where another node left the task.</summary>
    public void Find(TaskSpec task, byte[]? checkpoint) =>
        Step(SchedulerEvent.Recalled([task.Id], checkpoint is null ? new Dictionary<TaskId, byte[]>() : new Dictionary<TaskId, byte[]> { [task.Id] = checkpoint }));

    /// <summary>The coordination store has listed the tasks of which it holds a copy.</summary>
    public void List(params TaskId[] tasks) => Step(SchedulerEvent.CopiesListed(tasks));

    /// <summary>The node asks for a vote on its attempt at the task.</summary>
    public void CallVote(string node, TaskSpec task) =>
        Step(SchedulerEvent.Of(new Message(MessageKind.CallVote, PeerOf(node), task.Id, EpochOf(task), 1, new VoteCall(task, "artifact"u8.ToArray(), [new VoterModel("model", "cpu")], 10_000, false))));

    /// <summary>The node says that it does not hold the attempt that it was given.</summary>
    public void SayNotHeld(string node, TaskSpec task) =>
        Step(SchedulerEvent.Of(new Message(MessageKind.Refused, PeerOf(node), task.Id, EpochOf(task), (long)RefusalReason.NotHeld)));

    /// <summary>The node takes nothing new, and gives the task back.</summary>
    public void GiveBack(string node, TaskSpec task) =>
        Step(SchedulerEvent.Of(new Message(MessageKind.Refused, PeerOf(node), task.Id, EpochOf(task), (long)RefusalReason.Draining)));

    /// <summary>Someone knocked at the node, and nobody was there.</summary>
    public void Refuse(string node) => Step(SchedulerEvent.NodeGone(PeerOf(node)));

    /// <summary>The link to the node was given up.</summary>
    public void FailToReach(string node) => FailToReach(PeerOf(node));

    /// <summary>Nothing can be said to whoever was last spoken to as that start.</summary>
    public void FailToReach(Peer peer) => Step(SchedulerEvent.NodeUnreachable(peer));

    /// <summary>The node is gone, and its fence is in the store.</summary>
    public void Lose(string node)
    {
        Refuse(node);
        Step(SchedulerEvent.Fenced(PeerOf(node), Term));
    }

    /// <summary>What the operator was told so far: of whom, with its number.</summary>
    public IEnumerable<(SchedulerNews News, string Node, long Number)> Told =>
        Effects.Where(effect => effect.Kind == SchedulerEffectKind.Tell).Select(effect => (effect.News, effect.To.Node.Value, effect.Message.Number));

    /// <summary>Nobody leads any more from here.</summary>
    public void Depose() => Step(SchedulerEvent.Deposed());

    /// <summary>The node's fence is in the store.</summary>
    public void ConfirmFence(string node) => Step(SchedulerEvent.Fenced(PeerOf(node), Term));

    /// <summary>The coordination store has not answered for long.</summary>
    public void LoseStore() => Step(SchedulerEvent.StoreLost());

    /// <summary>The coordination store answers again.</summary>
    public void FindStore() => Step(SchedulerEvent.StoreFound());

    /// <summary>The node's registration is refused, as that start of it is fenced.</summary>
    public void RefuseAsFenced(string node) => Step(SchedulerEvent.RefusedAsFenced(PeerOf(node), Term));

    public Suspicion SuspicionOf(TaskSpec task) => ((Assignment)Effects.Last(effect => effect.Message.Kind == MessageKind.Assign && effect.Message.Task == task.Id).Message.Body!).Suspicion;

    public NodeWeight WeightOf(string node) => SchedulerMachine.WeightOf(Machine.Nodes.Single(known => known.Peer.Node.Value == node), NowMs);

    /// <summary>An operator somewhere wants something.</summary>
    public AdministrationAnswer Ask(AdministrationRequest request, TaskId task = default)
    {
        Step(SchedulerEvent.Of(new Message(MessageKind.Administer, Operator, task, Number: 5, Body: request)));
        return (AdministrationAnswer)Effects.Last(effect => effect.To == Operator && effect.Message.Kind == MessageKind.Administered).Message.Body!;
    }

    /// <summary>Lets time pass, with a tick whenever the machine asked for one.</summary>
    public void Pass(long ms)
    {
        var untilMs = NowMs + ms;
        while (Machine.NextDueMs <= untilMs)
        {
            NowMs = Math.Max(NowMs, Machine.NextDueMs);
            Machine.Tick(NowMs, _effects);
            Take();
        }

        NowMs = untilMs;
    }

    /// <summary>Time passes while the scheduler's process does not run; then it goes on.</summary>
    public void Sleep(long ms)
    {
        NowMs += ms;
        Machine.Tick(NowMs, _effects);
        Take();
    }

    public Epoch EpochOf(TaskSpec task) => Effects.Last(effect => effect.Message.Kind == MessageKind.Assign && effect.Message.Task == task.Id).Message.Epoch;

    public Peer PeerOf(string node) => new(new NodeId(node), new Incarnation(_incarnations.GetValueOrDefault(node, 1UL)), "");

    private void Step(in SchedulerEvent @event)
    {
        Machine.Step(@event, NowMs, _effects);
        Take();
    }

    private void Take()
    {
        Effects.AddRange(_effects.Effects.ToArray());
        _effects.Clear();
    }
}
