using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// What silence says of nodes as a term begins and goes on: decides whose reports are awaited before anything is given out, who was lost while another led, and whose silence is not its own
/// fault. Apart from the machine, as it is told of nodes and changes nothing of their work.
/// </summary>
/// <param name="pool">The nodes.</param>
/// <param name="liveness">When a node counts as silent.</param>
/// <param name="bornMs">When our process came up.</param>
internal sealed class RollCall(NodePool pool, Liveness liveness, long bornMs)
{
    private const long StartingMs = 2_000;
    private const int MostLost = 1_024;

    private readonly Dictionary<(NodeId, Incarnation), (long AtMs, FenceReason Reason)> _lost = [];      // while another led
    private Peer? _lastLeader;      // the start of its process that was elected, which may be an earlier one than is registered
    private HashSet<NodeId> _awaited = [];
    private long _sweptMs;

    /// <summary>Whether each registered node has reported, or is fenced: a new leader first hears what runs already. Silent ones are fenced within seconds.</summary>
    public bool IsOver => _awaited.Count == 0;

    /// <summary>A term begins.</summary>
    public void Begin(IReadOnlyList<Peer> members, long nowMs)
    {
        _sweptMs = nowMs;
        _awaited = [.. members.Select(member => member.Node)];
    }

    /// <summary>The node has reported, or its work is handed over.</summary>
    public void AwaitNoLonger(NodeId node) => _awaited.Remove(node);

    /// <summary>
    /// Whoever leads next has seen the last leader go, or fall silent, before it led: it need not wait for that once more. But what we saw while we were coming up ourselves says little, as
    /// after a power cut all do.
    /// </summary>
    public void RememberLost(Peer peer, FenceReason reason, long nowMs)
    {
        if (nowMs < bornMs + StartingMs) return;
        if (_lost.Count >= MostLost) _lost.Clear();
        _lost[(peer.Node, peer.Incarnation)] = (nowMs, reason);
    }

    /// <summary>Another leads: whom we lost before is that leader's to fence, or has come back since. The leader itself may be lost by the time that we hear of it.</summary>
    public void Follow(Peer leader)
    {
        _lastLeader = leader;
        foreach (var lost in _lost.Keys)
        {
            if (lost != (leader.Node, leader.Incarnation)) _lost.Remove(lost);
        }
    }

    /// <summary>
    /// Why the member is lost already; null where it is not, as far as we know. A node that was fenced and came back is registered as a later start than the one as which its process led.
    /// </summary>
    public FenceReason? WhyLost(Peer member, long nowMs)
    {
        if (WhyLost(member.Node, member.Incarnation, nowMs) is { } reason) return reason;
        return (_lastLeader?.Node, _lastLeader?.Endpoint) == (member.Node, member.Endpoint) ? WhyLost(member.Node, _lastLeader!.Incarnation, nowMs) : null;
    }

    public void ForgetLost() => _lost.Clear();

    /// <summary>Whether it was registered when the term began, and has neither reported to it nor is being fenced.</summary>
    public bool IsAwaited(ScheduledNode node) => _awaited.Contains(node.Peer.Node) && !node.Reported && node.Standing != NodeStanding.Fencing;

    /// <summary>Whether a node that we only know of may be coming up as we are: after a power cut all come up at once, and what it holds is worth a moment.</summary>
    public bool MayBeStarting(ScheduledNode node, long nowMs) => IsAwaited(node) && nowMs < bornMs + StartingMs;

    /// <summary>While we were not running ourselves (a stopped process, a machine asleep) we could hear nobody: that silence is no node's fault.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="everyMs">How often this is called while we do run.</param>
    public void ForgiveSilence(long nowMs, long everyMs)
    {
        var lateMs = nowMs - _sweptMs - (2 * everyMs);
        _sweptMs = nowMs;
        if (lateMs <= 0) return;
        foreach (var node in pool.Nodes) node.HeardMs = Math.Min(nowMs, node.HeardMs + lateMs);
    }

    /// <summary>Who is awaited and who is lost, for explorations that tell states apart.</summary>
    public override string ToString() => $"{string.Join(',', _awaited.Select(node => node.Value).Order(StringComparer.Ordinal))}|{string.Join(',', _lost.Keys)}|{_lastLeader}";

    private FenceReason? WhyLost(NodeId node, Incarnation start, long nowMs) =>
        _lost.TryGetValue((node, start), out var lost) && lost.AtMs + (2 * liveness.SilentMs) > nowMs ? lost.Reason : null;
}
