using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Scheduling;

/// <summary>
/// What whoever leads answers to operators. It remembers nothing of their wishes: each comes again until it is answered for good, and how far it has come is read from what nodes report.
/// </summary>
internal sealed class OperatorDesk(Peer self, NodePool pool, IReadOnlyDictionary<TaskId, ScheduledTask> tasks)
{
    /// <summary>After so long every ledger and node has spoken to a new leader; before, what it does not know may only not have reported yet.</summary>
    private const long AllHaveSpokenMs = 3_000;

    /// <param name="asked">The wish.</param>
    /// <param name="term">The term.</param>
    /// <param name="ledMs">For how long we have led.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="effects">Takes what is to be done about it, and the answer.</param>
    public void Hear(in Message asked, Term term, long ledMs, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var request = (AdministrationRequest)asked.Body!;
        var answer = request.Kind switch
        {
            AdministrationKind.ListNodes => Answer(AdministrationVerdict.Done) with { Nodes = List(nowMs) },
            AdministrationKind.Drain => Drain(request, term, effects),
            AdministrationKind.Resume => Resume(request, term, effects),
            AdministrationKind.ListParked => ListParked(nowMs),
            AdministrationKind.Release => Release(request, asked.Task, effects),
            AdministrationKind.Fail => Fail(request, asked, effects),
            _ => throw new ArgumentOutOfRangeException(nameof(asked), request.Kind, "A wish is of a kind."),
        };
        if (answer.Verdict is AdministrationVerdict.UnknownNode or AdministrationVerdict.UnknownTask && ledMs < AllHaveSpokenMs) answer = Pending(request);
        effects.Add(SchedulerEffect.Send(asked.From, new Message(MessageKind.Administered, self, asked.Task, new Epoch(term.Generation, term.Number, 0), asked.Number, answer)));
    }

    private ClusterNode[] List(long nowMs)
    {
        var nodes = pool.Nodes.Select(node => Describe(node, nowMs));
        if (pool.Find(self.Node) is null) nodes = nodes.Append(new ClusterNode(self.Node, self.Incarnation, self.Endpoint, NodeRoles.Scheduler, ClusterStanding.Active));
        return [.. nodes.OrderBy(node => node.Id.Value, StringComparer.Ordinal)];
    }

    private static ClusterNode Describe(ScheduledNode node, long nowMs) => new(node.Peer.Node, node.Peer.Incarnation, node.Peer.Endpoint, node.Roles, StandingOf(node))
    {
        Load = node.Load,
        Limit = node.Limit,
        Held = node.Held.Count,
        Assigned = node.Assigned.Count,
        Classes = [.. node.Classes.OrderBy(@class => @class.Name, StringComparer.Ordinal).ThenBy(@class => @class.Version).Select(@class => new ClassVersion(@class.Name, @class.Version))],
        SinceHeard = TimeSpan.FromMilliseconds(Math.Max(0, nowMs - node.HeardMs)),
    };

    public static ClusterStanding StandingOf(ScheduledNode node) => node switch
    {
        { Standing: NodeStanding.Fencing } => ClusterStanding.Fencing,
        { Standing: NodeStanding.Registering } or { Reported: false } => ClusterStanding.Joining,
        { Standing: NodeStanding.Suspect } => ClusterStanding.Suspect,
        { Leaving: true } => ClusterStanding.Leaving,
        { Draining: true } => ClusterStanding.Draining,
        _ => ClusterStanding.Active,
    };

    private AdministrationAnswer Drain(AdministrationRequest request, Term term, EffectBuffer<SchedulerEffect> effects)
    {
        if (Missing(request) is { } missing) return missing;
        var node = pool.Find(request.Node)!;
        if (!IsHeard(node)) return Pending(request);
        if (node.ReportsDraining) return Answer(node.Held.Count + node.Assigned.Count == 0 ? AdministrationVerdict.Done : AdministrationVerdict.Pending) with { Begun = true, Start = node.Peer.Incarnation };
        if (request.Begun) return Answer(request.Start == node.Peer.Incarnation ? AdministrationVerdict.CalledOff : AdministrationVerdict.NodeGone);
        effects.Add(SchedulerEffect.Send(node.Peer, Command(MessageKind.Drain, node, term)));
        return Pending(request) with { Start = node.Peer.Incarnation };
    }

    private AdministrationAnswer Resume(AdministrationRequest request, Term term, EffectBuffer<SchedulerEffect> effects)
    {
        if (Missing(request) is { } missing) return missing;
        var node = pool.Find(request.Node)!;
        if (!IsHeard(node)) return Pending(request);
        if (!node.Draining) return Answer(AdministrationVerdict.Done);
        if (node.Leaving) return Answer(AdministrationVerdict.NodeLeaving);
        effects.Add(SchedulerEffect.Send(node.Peer, Command(MessageKind.Resume, node, term)));
        return Pending(request) with { Start = node.Peer.Incarnation };
    }

    private AdministrationAnswer? Missing(AdministrationRequest request) => pool.Find(request.Node) switch
    {
        null when request.Start == default => Answer(AdministrationVerdict.UnknownNode),
        null or { Standing: NodeStanding.Fencing } => Answer(AdministrationVerdict.NodeGone),
        _ => null,
    };

    /// <summary>Whether its last report says how things stand.</summary>
    private static bool IsHeard(ScheduledNode node) => node is { Reported: true, Standing: NodeStanding.Active or NodeStanding.Suspect };

    /// <summary>Addressed to that start of the node, in this term: whatever comes late is refused there.</summary>
    private Message Command(MessageKind kind, ScheduledNode node, Term term) =>
        new(kind, self, Epoch: new Epoch(term.Generation, term.Number, 0), Number: (long)node.Peer.Incarnation.Value);

    /// <summary>Looks through all open tasks: an operator asks seldom.</summary>
    private AdministrationAnswer ListParked(long nowMs)
    {
        var parked = new List<(ScheduledTask Task, ParkedFor Why)>();
        foreach (var task in tasks.Values)
        {
            if (WhyParked(task) is { } why) parked.Add((task, why));
        }

        return Answer(AdministrationVerdict.Done) with
        {
            ParkedTotal = parked.Count,
            Parked = [.. parked.OrderBy(entry => entry.Task.TakenMs).ThenBy(entry => entry.Task.Spec.Id).Take(ParkedTasks.MostNamed).Select(entry => Describe(entry.Task, entry.Why, nowMs))],
        };
    }

    private ParkedTask Describe(ScheduledTask task, ParkedFor why, long nowMs) => new(
        task.Spec.Id, new ClassVersion(task.Spec.Class.Name, task.Spec.Class.Version), why, TimeSpan.FromMilliseconds(Math.Max(0, nowMs - task.TakenMs)),
        (task.Node ?? pool.HolderOf(task.Spec.Id)?.Node)?.Peer.Node);

    private ParkedFor? WhyParked(ScheduledTask task)
    {
        if (SuspicionOf(task).RunsAlone) return ParkedFor.NodeToItself;
        return task.Node is null && !pool.Serves(task.Spec.Class) ? ParkedFor.ServingNode : null;
    }

    private Suspicion SuspicionOf(ScheduledTask task) => pool.HolderOf(task.Spec.Id) is { } holder ? Suspicion.Graver(task.Suspicion, holder.Held.Suspicion) : task.Suspicion;

    private AdministrationAnswer Release(AdministrationRequest request, TaskId id, EffectBuffer<SchedulerEffect> effects)
    {
        if (tasks.GetValueOrDefault(id) is not { } task) return Answer(request.Begun ? AdministrationVerdict.Done : AdministrationVerdict.UnknownTask);      // settled meanwhile
        if (SuspicionOf(task) == Suspicion.None) return Answer(request.Begun ? AdministrationVerdict.Done : AdministrationVerdict.NotParked);
        task.Suspicion = Suspicion.None;
        if (pool.HolderOf(id) is { } holder) effects.Add(SchedulerEffect.Send(holder.Node.Peer, new Message(MessageKind.ReleaseAttempt, self, id, holder.Held.Attempt.Epoch)));
        return Pending(request) with { Begun = true };
    }

    /// <summary>Its ledger settles it, and says so itself.</summary>
    private AdministrationAnswer Fail(AdministrationRequest request, in Message asked, EffectBuffer<SchedulerEffect> effects)
    {
        if (tasks.GetValueOrDefault(asked.Task) is not { } task) return Answer(request.Begun ? AdministrationVerdict.AlreadySettled : AdministrationVerdict.UnknownTask);
        effects.Add(SchedulerEffect.Send(task.Ledger, new Message(MessageKind.FailTask, self, asked.Task, Number: asked.Number, Body: new FailOrder(asked.From, request.Reason))));
        return Pending(request) with { Begun = true, Ledger = task.Ledger.Node };
    }

    private static AdministrationAnswer Answer(AdministrationVerdict verdict) => new(verdict);

    private static AdministrationAnswer Pending(AdministrationRequest request) => new(AdministrationVerdict.Pending) { Begun = request.Begun, Start = request.Start };
}
