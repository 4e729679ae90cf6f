using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

public sealed class LeaseTests
{
    [Fact]
    public void A_candidate_asks_for_one_lease_at_a_time()
    {
        var machine = new LeadershipMachine(new Peer(new NodeId("a"), new Incarnation(1), "inproc://a/"), new CoordinationKeys("c"), isCandidate: true, seed: 1);
        var effects = new EffectBuffer<LeadershipEffect>();
        machine.Tick(0, effects);
        machine.Step(LeadershipEvent.Unavailable(0), 1, effects);      // the question was not answered; the grant is still on its way
        for (var nowMs = 1; nowMs < 10_000; nowMs += 100) machine.Tick(nowMs, effects);
        Assert.Single(effects.Effects.ToArray(), effect => effect.Kind == LeadershipEffectKind.GrantLease);

        machine.Step(LeadershipEvent.GrantFailed(), 10_000, effects);
        for (var nowMs = 10_000; nowMs < 20_000; nowMs += 100) machine.Tick(nowMs, effects);
        Assert.Equal(2, effects.Effects.ToArray().Count(effect => effect.Kind == LeadershipEffectKind.GrantLease));
    }
}
