using Rqml.Hosting;

namespace Rqml.Nodes;

/// <summary>
/// The attempts that a node holds, one a task: decides how one takes another's place, what it takes over from it, and how it ends without a result. Apart from the machine, which is told what
/// to take and what to drop: here nobody asks by whom.
/// </summary>
internal sealed class AttemptTable(LaneGroups lanes, AwaitedWords words)
{
    private const long LateMs = 2_000;      // for the word of the ledger, which comes first as a rule

    private readonly Dictionary<TaskId, NodeAttempt> _attempts = [];

    public int Count => _attempts.Count;

    public IReadOnlyCollection<TaskId> Tasks => _attempts.Keys;

    public IReadOnlyCollection<NodeAttempt> All => _attempts.Values;

    /// <summary>Unfinished attempts that were dropped as their task was settled or is elsewhere.</summary>
    public long Superseded { get; private set; }

    public bool Contains(TaskId task) => _attempts.ContainsKey(task);

    public NodeAttempt? Find(TaskId task) => _attempts.GetValueOrDefault(task);

    /// <summary>Takes back what the disk holds.</summary>
    public void Restore(NodeAttempt attempt) => _attempts[attempt.Attempt.Task] = attempt;

    /// <summary>Takes an attempt, in the place of an earlier one where there was one.</summary>
    public void Add(NodeAttempt taken, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _attempts[taken.Attempt.Task] = taken;
        effects.Add(NodeEffect.WriteAttempt(taken));
        if (taken.State == AttemptState.Waiting) lanes.Enqueue(taken, nowMs);
    }

    /// <summary>The later attempt goes on from where the held one is; while that still runs, it waits for where the run ends.</summary>
    public void GiveWay(NodeAttempt held, NodeAttempt taken, EffectBuffer<NodeEffect> effects)
    {
        if (held.Resume.Iteration >= taken.Resume.Iteration)
        {
            taken.Resume = held.Resume;
            taken.IsBrought = false;
            taken.ResumedAt = held.Resume.Iteration;
        }

        taken.Chain = held.Chain;
        taken.Suspicion = Suspicion.Graver(held.Suspicion, taken.Suspicion);
        if (held.State is AttemptState.Running or AttemptState.AwaitingEnd) (held.Heir, taken.State) = (taken, AttemptState.AwaitingEnd);
        Stop(held, effects);
    }

    /// <summary>The run of a superseded attempt has ended: its heir goes on from there, not from where that run began, as what it has used since is used.</summary>
    public void PassOn(NodeAttempt superseded, long nowMs)
    {
        var heir = superseded.Heir;
        while (heir is { IsDropped: true }) heir = heir.Heir;
        if (heir is null) return;
        heir.Resume = superseded.Resume;
        heir.ResumedAt = heir.Resume.Iteration;
        heir.State = AttemptState.Waiting;
        if (heir.IsFenced) words.AwaitAdoption(heir, nowMs);
        else lanes.Enqueue(heir, nowMs);
    }

    /// <summary>The node comes back as a new start of itself: what has a partition key first waits to be adopted.</summary>
    public void BeginAnew(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.Spec.PartitionKey is null) continue;
            if (attempt.State is AttemptState.Running or AttemptState.AwaitingStrike or AttemptState.AwaitingEnd)
            {
                attempt.IsFenced = true;      // until it is adopted
                if (attempt.State == AttemptState.Running) effects.Add(NodeEffect.YieldRun(attempt));
            }
            else if (attempt.State is AttemptState.Waiting or AttemptState.AwaitingVote)
            {
                if (attempt.State == AttemptState.Waiting) lanes.Leave(attempt);
                words.AwaitAdoption(attempt, nowMs);
            }
        }
    }

    /// <summary>It has a result, which is kept elsewhere.</summary>
    public void Finish(NodeAttempt attempt) => _attempts.Remove(attempt.Attempt.Task);

    public void Supersede(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        Superseded++;
        Drop(attempt, effects);
    }

    public void Drop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        Finish(attempt);
        Stop(attempt, effects);
        effects.Add(NodeEffect.DropTask(attempt.Attempt.Task));
    }

    /// <summary>What is past its deadline is worked on no longer, though the word of its ledger may never reach us; the ledger settles it.</summary>
    public void DropEnded(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        List<NodeAttempt>? ended = null;
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.EndMs <= nowMs - LateMs) (ended ??= []).Add(attempt);
        }

        foreach (var attempt in ended ?? []) Drop(attempt, effects);
    }

    /// <summary>What a leader is told of them: but for those that do not run here, which are on our disk alone.</summary>
    public void Report(List<HeldAttempt> held)
    {
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.State != AttemptState.Unserved) held.Add(new HeldAttempt(attempt.Attempt, attempt.Resume.Iteration, attempt.State == AttemptState.AwaitingAdoption, attempt.Suspicion, attempt.Spec.PartitionKey));
        }
    }

    /// <summary>A running attempt keeps its lane until its run has ended; the shell writes no more checkpoints of it from here on.</summary>
    private void Stop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        attempt.IsDropped = true;
        effects.Add(NodeEffect.StopRun(attempt));
        if (attempt.State == AttemptState.Waiting) lanes.Leave(attempt);
    }
}
