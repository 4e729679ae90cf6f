using Rqml.Queues;

namespace Rqml.Nodes;

/// <summary>
/// The lanes of one kind of device, and the attempts whose next pass needs one: new ones in the inbound queue, those under refinement that have given their lane
/// up in the refinement queue. A kind that is busy holds up nothing that needs another.
/// </summary>
internal sealed class LaneGroup(string device, int lanes, int capacity, long ageEveryMs)
{
    private readonly List<NodeAttempt> _running = [];
    private NodeAttempt? _least;      // important of those that run; null: to be looked for

    public string Device { get; } = device;

    public int Lanes { get; } = lanes;

    public TaskQueue<NodeAttempt> Inbound { get; } = new(capacity, ageEveryMs);

    public TaskQueue<NodeAttempt> Refining { get; } = new(capacity, ageEveryMs);

    public IReadOnlyList<NodeAttempt> Running => _running;

    /// <summary>Lanes that voters hold.</summary>
    public int Voting { get; set; }

    public int Free => Math.Max(0, Lanes - _running.Count - Voting);

    public long NextDueMs => Math.Min(Inbound.NextDueMs ?? long.MaxValue, Refining.NextDueMs ?? long.MaxValue);

    /// <summary>Also with no lane free: what is due would be due again at once, without end.</summary>
    public void Advance(long nowMs)
    {
        Inbound.Advance(nowMs);
        Refining.Advance(nowMs);
    }

    /// <summary>Takes out whatever is most important: of the two queues the one whose head has the higher priority, refinement first among equals.</summary>
    public NodeAttempt? TakeNext(long nowMs)
    {
        if (Refining.Count == 0) return Inbound.TryDequeue(nowMs, out var only) ? only : null;
        var hasRefining = Refining.TryPeekPriority(nowMs, out var refining);
        var hasInbound = Inbound.TryPeekPriority(nowMs, out var inbound);
        var queue = hasRefining && (!hasInbound || refining >= inbound) ? Refining : Inbound;
        return queue.TryDequeue(nowMs, out var next) ? next : null;
    }

    public void Start(NodeAttempt attempt)
    {
        attempt.Lane = this;
        _running.Add(attempt);
        if (attempt.Spec.Priority < _least?.Spec.Priority) _least = attempt;
    }

    public void End(NodeAttempt attempt)
    {
        attempt.Lane = null;
        _running.Remove(attempt);
        if (_least == attempt) _least = null;
    }

    /// <summary>The least important of the running attempts where something more important waits for its lane; null where nothing does.</summary>
    /// <param name="nowMs">The time.</param>
    /// <param name="ballotWaits">Whether a voter waits for a lane: it goes before everything, as another task waits for it, and it is short.</param>
    public NodeAttempt? Outranked(long nowMs, bool ballotWaits)
    {
        if (Free > 0 || _running.Count == 0) return null;
        if (ballotWaits) return Least();
        var hasWaiting = Inbound.TryPeekPriority(nowMs, out var waiting);
        if (Refining.TryPeekPriority(nowMs, out var refining)) waiting = hasWaiting ? Math.Max(waiting, refining) : refining;
        else if (!hasWaiting) return null;
        return Least() is var least && least.Spec.Priority < waiting ? least : null;
    }

    private NodeAttempt Least()
    {
        if (_least is not null) return _least;
        _least = _running[0];
        foreach (var attempt in _running)
        {
            if (attempt.Spec.Priority < _least.Spec.Priority) _least = attempt;
        }

        return _least;
    }

    public bool Remove(TaskId task) => Inbound.Remove(task) || Refining.Remove(task);
}
