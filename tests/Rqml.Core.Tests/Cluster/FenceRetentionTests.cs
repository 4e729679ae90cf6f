using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

/// <summary>Fences are kept for a day of a leader's time, and then go with what they ended.</summary>
public sealed class FenceRetentionTests
{
    private static readonly CoordinationKeys Keys = new("fences");
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "");
    private static readonly Peer Ended = new(new NodeId("node"), new Incarnation(2), "");
    private static readonly Peer Again = Ended with { Incarnation = new Incarnation(3) };
    private static readonly CoordinationEntry Fence = Entry(Keys.Fence(Ended.Node, Ended.Incarnation), CoordinationKeys.Write(Ended, 1), 6);

    private readonly LeadershipMachine _machine = new(Self, Keys, isCandidate: true, seed: 1);
    private readonly EffectBuffer<LeadershipEffect> _effects = new();
    private long _nowMs = 1_000;
    private readonly CoordinationEntry _leader;

    public FenceRetentionTests()
    {
        Step(LeadershipEvent.Granted(new LeaseId(1)));
        var nonce = Step(Saw()).Single(effect => effect.Kind == LeadershipEffectKind.Commit).Nonce;
        Step(LeadershipEvent.Committed(nonce, 7));
        _leader = Entry(Keys.Leader, CoordinationKeys.Write(Self, nonce), 7);
    }

    [Fact]
    public void A_fence_that_was_seen_for_less_than_a_day_stays()
    {
        Assert.Empty(Commits(_leader, Fence));
        _nowMs += (long)LeadershipMachine.KeepFences.TotalMilliseconds - 1;

        Assert.Empty(Commits(_leader, Fence));
    }

    [Fact]
    public void An_old_fence_goes_alone_where_a_later_start_of_the_node_is_registered()
    {
        var registered = Entry(Keys.Node(Again.Node), CoordinationKeys.Write(Again, 1), 7);
        Commits(_leader, Fence, registered);
        _nowMs += (long)LeadershipMachine.KeepFences.TotalMilliseconds;

        var forgotten = Assert.Single(Commits(_leader, Fence, registered));
        Assert.Equal([new Change.Delete(Fence.Key)], forgotten.Changes);
        Assert.Equal([new Compare.ModifiedAt(Keys.Leader, 7)], forgotten.Compares);
    }

    [Fact]
    public void An_old_fence_goes_with_the_registration_that_it_ended_and_both_only_if_that_is_as_it_was_seen()
    {
        var registered = Entry(Keys.Node(Ended.Node), CoordinationKeys.Write(Ended, 1), 5);
        Commits(_leader, Fence, registered);
        _nowMs += (long)LeadershipMachine.KeepFences.TotalMilliseconds;

        var forgotten = Assert.Single(Commits(_leader, Fence, registered));
        Assert.Equal([new Change.Delete(Fence.Key), new Change.Delete(registered.Key)], forgotten.Changes);
        Assert.Equal([new Compare.ModifiedAt(Keys.Leader, 7), new Compare.ModifiedAt(registered.Key, 5)], forgotten.Compares);
    }

    [Fact]
    public void A_leader_that_is_deposed_forgets_since_when_it_has_seen_them()
    {
        Commits(_leader, Fence);
        _nowMs += (long)LeadershipMachine.KeepFences.TotalMilliseconds;
        var other = Entry(Keys.Leader, CoordinationKeys.Write(Again, 9), 9);

        Assert.Empty(Commits(other, Fence));
    }

    private List<CoordinationTransaction> Commits(params CoordinationEntry[] entries) =>
        [.. Step(Saw(entries)).Where(effect => effect.Kind == LeadershipEffectKind.Commit).Select(effect => effect.Transaction!)];

    private static LeadershipEvent Saw(params CoordinationEntry[] entries) =>
        LeadershipEvent.Saw(new CoordinationSnapshot(entries.Length == 0 ? 1 : entries.Max(entry => entry.ModifiedRevision) + 1, entries));

    private static CoordinationEntry Entry(string key, ReadOnlyMemory<byte> value, long revision) => new(key, value, revision, revision, LeaseId.None);

    private LeadershipEffect[] Step(in LeadershipEvent @event)
    {
        _effects.Clear();
        _machine.Step(@event, _nowMs, _effects);
        return _effects.Effects.ToArray();
    }
}
