using System.Text;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Queues;
using Rqml.Scheduling;

namespace Rqml.Nodes;

/// <summary>
/// All lanes of a node, and what waits for one: decides what gets a free lane, what gives its own up to something more important, and when a suspect has the node to itself. Apart from the
/// machine, as lanes know neither leaders nor ledgers.
/// </summary>
internal sealed class LaneGroups(NodeSettings settings, BallotDesk ballots)
{
    private readonly LaneGroup[] _groups = [.. settings.Lanes.Select(lanes => new LaneGroup(lanes.Key, lanes.Value, settings.Limit * 2, settings.AgeEveryMs))];      // one a kind of device; most nodes have processors alone
    private readonly LinkedList<NodeAttempt> _suspects = new();

    /// <summary>Attempts on a lane.</summary>
    public int RunningCount { get; private set; }

    public IEnumerable<NodeAttempt> Running => _groups.SelectMany(group => group.Running);

    /// <summary>Voters that hold a lane.</summary>
    public int Voting => _groups.Sum(group => group.Voting);

    public int Count => _groups.Sum(group => group.Lanes);

    public long NextDueMs
    {
        get
        {
            var dueMs = long.MaxValue;
            foreach (var group in _groups) dueMs = Math.Min(dueMs, group.NextDueMs);
            return dueMs;
        }
    }

    public QueueStatistics InboundStatistics(long nowMs) => QueueStatistics.Sum([.. _groups.Select(group => group.Inbound.Statistics(nowMs))]);

    public QueueStatistics RefiningStatistics(long nowMs) => QueueStatistics.Sum([.. _groups.Select(group => group.Refining.Statistics(nowMs))]);

    /// <summary>Free lanes by kind, where there is more than one.</summary>
    public IReadOnlyDictionary<string, int> FreeDevices() =>
        _groups.Length == 1 ? NodeSettings.NoDevices : _groups.Where(group => group.Device != NodeSettings.Processor).ToDictionary(group => group.Device, group => group.Free);

    /// <summary>A new attempt waits for its first lane. Its time has come, or nobody had given it to us: we do not ask our own clock, which may be another.</summary>
    public void Enqueue(NodeAttempt taken, long nowMs)
    {
        var queued = GroupOf(taken).Inbound.TryEnqueue(taken, Ticket(taken, nowMs, 0));
        Invariant.Holds(queued, "the inbound queue had less room than the node's limit");
    }

    /// <summary>An attempt under refinement waits for its next lane.</summary>
    public void Requeue(NodeAttempt attempt, long nowMs)
    {
        attempt.State = AttemptState.Waiting;
        GroupOf(attempt).Refining.Requeue(attempt, Ticket(attempt, nowMs, attempt.RetryMs));
    }

    /// <summary>It waits no longer.</summary>
    public void Leave(NodeAttempt attempt) => _ = GroupOf(attempt).Remove(attempt.Attempt.Task) || _suspects.Remove(attempt);

    /// <summary>It is suspect no longer: where it waited for the node to itself, it waits for a lane as others do.</summary>
    public void Clear(NodeAttempt suspect, long nowMs)
    {
        if (_suspects.Remove(suspect)) Requeue(suspect, nowMs);
    }

    public void Advance(long nowMs)
    {
        foreach (var group in _groups) group.Advance(nowMs);
    }

    /// <summary>Its run has ended: its lane is free.</summary>
    public void End(NodeAttempt attempt)
    {
        attempt.Lane!.End(attempt);
        RunningCount--;
    }

    /// <summary>Gives free lanes to whatever is most important. A suspect waits until nothing else runs, and then has the node to itself for one iteration.</summary>
    public void Fill(Incarnation self, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (RunningCount == 1 && Running.First().Alone is not null) return;
        foreach (var group in _groups)
        {
            while (group.Free > 0 && _suspects.Count == 0 && ballots.TakeNext(group.Device, nowMs) is { } job) Start(job, group, effects);
            while (group.Free > 0 && _suspects.Count == 0 && group.TakeNext(nowMs) is { } next)
            {
                if (next.Suspicion.RunsAlone) _suspects.AddLast(next);
                else Start(next, group, effects);
            }
        }

        if (_suspects.Count > 0) StartAlone(self, effects);
        else YieldOutranked(nowMs, effects);
    }

    /// <summary>Whatever runs gives its lane up.</summary>
    public void YieldAll(EffectBuffer<NodeEffect> effects)
    {
        foreach (var running in Running) effects.Add(NodeEffect.YieldRun(running));
    }

    /// <summary>Who waits for the node to itself, for explorations that tell states apart.</summary>
    public void DescribeSuspects(StringBuilder text)
    {
        foreach (var suspect in _suspects) text.Append(";next alone ").Append(suspect.Attempt);
    }

    private LaneGroup GroupOf(NodeAttempt attempt)
    {
        if (_groups.Length == 1) return _groups[0];
        var device = settings.DeviceOf(attempt.Spec.Class, attempt.Resume.Model);
        foreach (var group in _groups)
        {
            if (group.Device == device) return group;
        }

        throw new InvalidOperationException($"The node has no lane of '{device}', and serves no class that needs one.");
    }

    private static void Start(BallotJob job, LaneGroup group, EffectBuffer<NodeEffect> effects)
    {
        job.Lane = group;
        group.Voting++;
        effects.Add(NodeEffect.StartBallot(job));
    }

    /// <summary>
    /// What a node has died with begins only once that is durable: poison that is quicker than the disk would else kill start after start, and no death would
    /// be known to the next. And an epoch of our own is durable before a model sees it, else another task might have it after a crash.
    /// </summary>
    private void Start(NodeAttempt attempt, LaneGroup group, EffectBuffer<NodeEffect> effects)
    {
        Occupy(attempt, group);
        effects.Add(attempt.Suspicion.Deaths > 0 || attempt.Attempt.Epoch.IsSelfAttempt ? NodeEffect.StartRunOnceDurable(attempt) : NodeEffect.StartRun(attempt));
    }

    /// <summary>That it runs alone is durable before it runs: if the node dies of it, the next start knows.</summary>
    private void StartAlone(Incarnation self, EffectBuffer<NodeEffect> effects)
    {
        YieldAll(effects);
        if (RunningCount > 0 || Voting > 0) return;
        var suspect = _suspects.First!.Value;
        _suspects.RemoveFirst();
        Occupy(suspect, GroupOf(suspect));
        suspect.Alone = self;
        effects.Add(NodeEffect.WriteAttempt(suspect));
        effects.Add(NodeEffect.StartRunOnceDurable(suspect));
    }

    private void Occupy(NodeAttempt attempt, LaneGroup group)
    {
        attempt.State = AttemptState.Running;
        attempt.Run++;
        RunningCount++;
        group.Start(attempt);
    }

    /// <summary>The least important running task is asked to give its lane at its next boundary where something more important waits.</summary>
    private void YieldOutranked(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var group in _groups)
        {
            if (group.Outranked(nowMs, ballots.HasWaiting && ballots.IsWaitedFor(group.Device)) is { } least) effects.Add(NodeEffect.YieldRun(least));
        }
    }

    private static QueueTicket Ticket(NodeAttempt attempt, long nowMs, long notBeforeMs)
    {
        attempt.QueuedMs = Math.Max(nowMs, notBeforeMs);
        return new()
        {
            Task = attempt.Attempt.Task,
            Class = attempt.Spec.Class.Name,
            Priority = attempt.Spec.Priority,
            Difficulty = double.IsNaN(attempt.Spec.Difficulty) ? ExpectedDifficulty.Unknown : attempt.Spec.Difficulty,
            EnqueuedMs = nowMs,
            NotBeforeMs = notBeforeMs,
        };
    }
}
