using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;

namespace Rqml.Nodes;

/// <summary>
/// What a node makes of it that no leader is heard: decides when it is cut off, when it is alone, and which tasks of the ledger in its own process it then gives itself, under epochs below
/// every leader's. Apart from the machine, as no leader that is heard ever meets it.
/// </summary>
internal sealed class Solitude(NodeSettings settings)
{
    private const long BorrowEveryMs = 250;

    /// <summary>For attempts of the tasks of the ledger in our own process; null where there is none.</summary>
    public SelfAttempts? Own { get; set; }

    /// <summary>Whether the leader that it has joined has been silent for long.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>Whether it has heard of no leader for so long that it gives itself new tasks of the ledger in its own process.</summary>
    public bool IsAlone { get; private set; }

    /// <summary>When it last heard of a leader, or came up; null before its first look.</summary>
    public long? LeaderHeardMs { get; private set; }

    /// <summary>When the ledger is asked for tasks again; <see cref="long.MaxValue"/> while it is not alone.</summary>
    public long NextDueMs { get; private set; } = long.MaxValue;

    public void HearLeader(long nowMs)
    {
        LeaderHeardMs = nowMs;
        IsCutOff = false;
        End();
    }

    /// <summary>It is heard again, or takes nothing new.</summary>
    public void End() => (IsAlone, NextDueMs) = (false, long.MaxValue);

    /// <summary>With each heartbeat: how long the silence has lasted, but for what we slept through ourselves.</summary>
    /// <param name="heartbeatDueMs">When the heartbeat was due.</param>
    /// <param name="isWelcome">Whether a leader has taken the node.</param>
    /// <param name="takesNothing">Whether the node takes nothing new.</param>
    /// <param name="nowMs">Now.</param>
    public void Look(long heartbeatDueMs, bool isWelcome, bool takesNothing, long nowMs)
    {
        ForgiveSilence(heartbeatDueMs, nowMs);
        IsCutOff = isWelcome && LeaderHeardMs + settings.Liveness.SilentMs <= nowMs;
        if (!IsAlone && Own is not null && !takesNothing && LeaderHeardMs + settings.Liveness.AloneMs <= nowMs) (IsAlone, NextDueMs) = (true, nowMs);
    }

    /// <summary>A run has ended: with room enough the ledger is asked at once.</summary>
    public void MakeRoom(int held, long nowMs)
    {
        if (IsAlone && held <= settings.Limit / 2) NextDueMs = nowMs;
    }

    /// <summary>Nobody leads, as far as we hear: the ledger in our own process may have tasks that nobody has.</summary>
    public void Borrow(IReadOnlyCollection<TaskId> attempts, IEnumerable<Outbound> results, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        NextDueMs = nowMs + BorrowEveryMs;
        var room = settings.Limit - attempts.Count;
        if (room > 0 && !Own!.IsExhausted) effects.Add(NodeEffect.AskLedger(new LendingRequest(room, settings.Classes, new HashSet<TaskId>([.. attempts, .. results.Select(result => result.Attempt.Task)]))));
    }

    /// <summary>An attempt of our own at a lent task, under an epoch of our own; null where there is none to be had. The count is durable with the attempt, and so before it runs.</summary>
    public NodeAttempt? Take(LentTask task, Term obeyed, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (Own!.IsExhausted || !settings.Serves(task.Spec.Class)) return null;
        var taken = new NodeAttempt(new Attempt(task.Spec.Id, Own.Next(obeyed)), task.Spec, task.Ledger) { Watched = task.Watched, EndMs = NodeAttempt.EndOf(task.RemainingMs, nowMs) };
        effects.Add(NodeEffect.WriteSelfAttempts(Own.Count));
        return taken;
    }

    /// <summary>While we were not running ourselves (a stopped process, a machine asleep) we could hear nobody.</summary>
    private void ForgiveSilence(long heartbeatDueMs, long nowMs)
    {
        LeaderHeardMs ??= nowMs;
        var lateMs = nowMs - heartbeatDueMs;
        if (heartbeatDueMs > 0 && lateMs > 2 * settings.Liveness.HeartbeatMs) LeaderHeardMs = Math.Min(nowMs, LeaderHeardMs.Value + lateMs);
    }
}
