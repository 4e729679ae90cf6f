using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

/// <summary>Two processes under one node name, from the point of view of one of them.</summary>
public sealed class NamesakeTests
{
    private static readonly CoordinationKeys Keys = new("names");
    private static readonly Peer Self = new(new NodeId("a"), new Incarnation(1), "tcp://10.0.0.1:7400/");
    private static readonly Peer SelfAnew = Self with { Incarnation = new Incarnation(3) };
    private static readonly Peer Namesake = new(Self.Node, new Incarnation(2), "tcp://10.0.0.2:7400/");
    private static readonly Peer Other = new(new NodeId("b"), new Incarnation(4), "tcp://10.0.0.3:7400/");

    private readonly LeadershipMachine _machine = new(Self, Keys, isCandidate: true, seed: 1);
    private readonly EffectBuffer<LeadershipEffect> _effects = new();

    public NamesakeTests() => Step(LeadershipEvent.Granted(new LeaseId(1)));

    [Fact]
    public void A_leader_under_our_name_from_before_we_began_is_one_that_is_gone_and_we_take_its_place() =>
        Assert.Contains(See(5, (Keys.Leader, Namesake, 5)), effect => effect.Kind == LeadershipEffectKind.Commit);

    [Fact]
    public void One_that_was_elected_after_we_were_there_supersedes_us_and_from_then_on_we_do_nothing()
    {
        See(5, (Keys.Leader, Other, 4));
        Assert.Equal([(LeadershipEffectKind.Superseded, Namesake)], See(7, (Keys.Leader, Namesake, 7)).Select(effect => (effect.Kind, effect.Peer)));

        Assert.Empty(See(8));      // nobody leads, and it is not for us to
        Assert.Empty(Step(LeadershipEvent.LeaseGone()));
    }

    [Fact]
    public void One_that_was_registered_in_our_place_supersedes_us()
    {
        See(5, (Keys.Leader, Other, 4));
        See(6, (Keys.Leader, Other, 4), (Keys.Node(Self.Node), Self, 6));
        Assert.Contains(See(7, (Keys.Leader, Other, 4), (Keys.Node(Self.Node), Namesake, 7)), effect => effect.Kind == LeadershipEffectKind.Superseded);
    }

    [Fact]
    public void A_start_of_before_us_that_is_registered_late_does_not_supersede_us()
    {
        See(5, (Keys.Leader, Other, 4));
        Assert.DoesNotContain(See(6, (Keys.Leader, Other, 4), (Keys.Node(Self.Node), Namesake, 6)), effect => effect.Kind == LeadershipEffectKind.Superseded);
    }

    [Fact]
    public void Neither_does_another_start_of_ourselves()
    {
        See(5, (Keys.Leader, Other, 4));
        See(6, (Keys.Leader, Other, 4), (Keys.Node(Self.Node), Self, 6));
        Assert.DoesNotContain(See(7, (Keys.Leader, SelfAnew, 7), (Keys.Node(Self.Node), SelfAnew, 7)), effect => effect.Kind == LeadershipEffectKind.Superseded);
    }

    private LeadershipEffect[] See(long revision, params (string Key, Peer Peer, long Revision)[] entries) =>
        Step(LeadershipEvent.Saw(new CoordinationSnapshot(revision, [.. entries.Select(entry => new CoordinationEntry(entry.Key, CoordinationKeys.Write(entry.Peer, 9), entry.Revision, entry.Revision, LeaseId.None))])));

    private LeadershipEffect[] Step(in LeadershipEvent @event)
    {
        _effects.Clear();
        _machine.Step(@event, 1_000, _effects);
        return [.. _effects.Effects];
    }
}
