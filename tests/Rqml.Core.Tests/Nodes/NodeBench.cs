using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A node's machine alone: messages go in, effects come out; the test is the clock, the scheduler, the ledger and the lanes.</summary>
internal sealed class NodeBench
{
    public static readonly Peer Scheduler = new(new NodeId("scheduler"), new Incarnation(1), "");
    public static readonly Peer Ledger = new(new NodeId("ledger"), new Incarnation(2), "");
    public static readonly Term Term = new(1, 1);

    private static readonly TaskIdSource Others = new(new LedgerId(7), 2);

    private readonly TaskIdSource _ids = new(new LedgerId(7), 1);
    private readonly EffectBuffer<NodeEffect> _effects = new();
    private long _number;

    public NodeBench(
        int lanes = 1, Action<Dictionary<string, int>>? devices = null, IReadOnlyDictionary<ClassKey, IReadOnlyList<string>>? models = null, int limit = 100, ulong start = 3,
        SelfAttempts? own = null, long keepUndeliveredMs = 7L * 24 * 60 * 60 * 1_000)
    {
        var all = new Dictionary<string, int> { [NodeSettings.Processor] = lanes };
        devices?.Invoke(all);
        var settings = new NodeSettings
        {
            Lanes = all,
            Limit = limit,
            KeepUndeliveredMs = keepUndeliveredMs,
            Models = models ?? new Dictionary<ClassKey, IReadOnlyList<string>> { [new("work", 1)] = [NodeSettings.Processor] },
        };
        Machine = new NodeMachine(new Peer(new NodeId("node"), new Incarnation(start), ""), settings) { Own = own };
    }

    /// <summary>The id of a task that the bench does not assign itself.</summary>
    public static TaskId NextId()
    {
        lock (Others) return Others.Next(1_000_000);
    }

    public NodeMachine Machine { get; }

    public long NowMs { get; set; } = 1_000_000;

    public List<NodeEffect> Effects { get; } = [];

    public IEnumerable<TaskId> Started => Effects.Where(effect => effect.Kind == NodeEffectKind.StartRun).Select(effect => effect.Attempt!.Attempt.Task);

    public IEnumerable<TaskId> AskedToYield => Effects.Where(effect => effect.Kind == NodeEffectKind.YieldRun).Select(effect => effect.Attempt!.Attempt.Task);

    public IEnumerable<(TaskId Task, RefusalReason Reason)> Refused =>
        Effects.Where(effect => effect is { Kind: NodeEffectKind.Send, Message.Kind: MessageKind.Refused }).Select(effect => (effect.Message.Task, (RefusalReason)effect.Message.Number));

    public IEnumerable<TaskId> Dropped => Effects.Where(effect => effect.Kind == NodeEffectKind.DropTask).Select(effect => effect.Task);

    /// <summary>Tasks whose ledger was asked whether they are still open.</summary>
    public IEnumerable<TaskId> AskedAbout => Effects.Where(effect => effect is { Kind: NodeEffectKind.Send, Message.Kind: MessageKind.StillOpen }).Select(effect => effect.Message.Task);

    public NodeReport LastReport => (NodeReport)Effects.Last(effect => effect is { Kind: NodeEffectKind.Send, Message.Kind: MessageKind.Report }).Message.Body!;

    public NodeBench Welcome()
    {
        Hear(new Message(MessageKind.Welcome, Scheduler, Epoch: new Epoch(Term.Generation, Term.Number, 0)));
        return this;
    }

    public NodeAttempt Assign(string @class = "work", int priority = 0, long remainingMs = long.MaxValue, string? key = null)
    {
        var spec = new TaskSpec { Id = _ids.Next(NowMs), Class = new ClassKey(@class, 1), Payload = default, Priority = priority, PartitionKey = key };
        var attempt = new NodeAttempt(new Attempt(spec.Id, new Epoch(Term.Generation, Term.Number, ++_number)), spec, Ledger);
        Assign(attempt, remainingMs);
        return attempt;
    }

    /// <summary>The message of an assignment comes, perhaps once more.</summary>
    public void Assign(NodeAttempt attempt, long remainingMs = long.MaxValue) =>
        Hear(new Message(MessageKind.Assign, Scheduler, attempt.Attempt.Task, attempt.Attempt.Epoch, Body: new Assignment(attempt.Spec, Ledger, Machine.Self.Incarnation, remainingMs, false) { Term = Term }));

    public void Hear(Message message)
    {
        Machine.Step(NodeEvent.Of(message), NowMs, _effects);
        Take();
    }

    /// <summary>A run of the task leaves its lane.</summary>
    public void End(TaskId task, RunEnding ending, RefinementSnapshot? snapshot = null, Settlement? result = null, long number = 0, VoteCall? call = null)
    {
        var attempt = Machine.Running.Single(running => running.Attempt.Task == task);
        Machine.Step(NodeEvent.RunEnded(attempt, attempt.Run, ending, snapshot, (object?)result ?? call, number), NowMs, _effects);
        Take();
    }

    /// <summary>A voter on the node has spoken.</summary>
    public void Vote(BallotJob job, Ballot ballot)
    {
        Machine.Step(NodeEvent.Voted(job, ballot), NowMs, _effects);
        Take();
    }

    /// <summary>The ledger of the node's own process lends it tasks.</summary>
    public void Lend(params LentTask[] tasks)
    {
        Machine.Step(NodeEvent.Lent(tasks), NowMs, _effects);
        Take();
    }

    public void Drain()
    {
        Machine.Step(NodeEvent.Drain(), NowMs, _effects);
        Take();
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

    private void Take()
    {
        Effects.AddRange(_effects.Effects.ToArray());
        _effects.Clear();
    }
}
