using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

public sealed class StoreLostTests
{
    private readonly LeadershipMachine _machine = new(new Peer(new NodeId("a"), new Incarnation(1), "inproc://a/"), new CoordinationKeys("c"), isCandidate: true, seed: 1);
    private readonly EffectBuffer<LeadershipEffect> _effects = new();

    [Fact]
    public void A_store_that_does_not_answer_for_five_seconds_is_said_to_be_lost_once_and_once_to_be_found()
    {
        Fail(1_000);
        for (var nowMs = 1_500; nowMs < 5_900; nowMs += 100) Fail(nowMs);
        Assert.Empty(News);

        for (var nowMs = 5_900; nowMs < 9_000; nowMs += 100) Fail(nowMs);
        Assert.Equal([(LeadershipEffectKind.StoreLost, 1_000L)], News);
        Assert.True(_machine.IsStoreLost);

        _machine.Step(LeadershipEvent.Granted(new LeaseId(1)), 9_000, _effects);
        _machine.Step(LeadershipEvent.Renewed(), 9_100, _effects);
        Assert.Equal([(LeadershipEffectKind.StoreLost, 1_000L), (LeadershipEffectKind.StoreFound, 1_000L)], News);
        Assert.False(_machine.IsStoreLost);
    }

    [Fact]
    public void A_refusal_is_an_answer_and_each_answer_begins_the_time_anew()
    {
        for (var nowMs = 1_000; nowMs < 60_000; nowMs += 4_000)
        {
            Fail(nowMs);
            Fail(nowMs + 3_900);
            _machine.Step(LeadershipEvent.Refused(7), nowMs + 3_950, _effects);
        }

        Assert.Empty(News);
    }

    private IEnumerable<(LeadershipEffectKind Kind, long SinceMs)> News =>
        _effects.Effects.ToArray().Where(effect => effect.Kind is LeadershipEffectKind.StoreLost or LeadershipEffectKind.StoreFound).Select(effect => (effect.Kind, effect.SinceMs));

    private void Fail(long nowMs)
    {
        _machine.Tick(nowMs, _effects);
        _machine.Step(LeadershipEvent.Unavailable(0), nowMs, _effects);
    }
}
