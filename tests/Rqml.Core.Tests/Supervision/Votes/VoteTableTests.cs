using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Core.Tests.Supervision.Votes;

public sealed class VoteTableTests
{
    private static readonly Peer Self = PeerOf("leader");
    private static readonly Peer Caller = PeerOf("a");
    private static readonly Peer[] Nodes = [Caller, PeerOf("b"), PeerOf("c"), PeerOf("d")];
    private static readonly TaskId Task = TaskId.Create(1, 2, new LedgerId(3));
    private static readonly Epoch Epoch = new(1, 1, 5);

    private readonly VoteTable _table = new(Self);

    [Fact]
    public void Each_voter_is_asked_on_another_node_and_the_callers_own_comes_last()
    {
        var asked = Call();
        Assert.Equal(["b", "c", "d"], asked.Select(effect => effect.To.Node.Value));
        Assert.Equal([0, 1, 2], asked.Select(effect => ((BallotCall)effect.Message.Body!).Voter));
        Assert.Equal(["model-0", "model-1", "model-2"], asked.Select(effect => ((BallotCall)effect.Message.Body!).Model.Name));
    }

    [Fact]
    public void Where_nodes_are_few_one_has_several_voters_and_where_there_are_none_nobody_is_asked()
    {
        Assert.Equal(["b", "a", "b"], Call(nodes: [Caller, Nodes[1]]).Select(effect => effect.To.Node.Value));
        Assert.Empty(Call(nodes: [], task: TaskId.Create(9, 9, new LedgerId(3))));
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void Who_asks_again_while_the_vote_is_on_starts_no_second_one()
    {
        Call();
        Assert.Empty(Call());
        Cast(0, "b", Judgement.Accept);
        Cast(1, "c", Judgement.Accept);
        var closed = Assert.Single(Cast(2, "d", Judgement.Reject));

        Assert.Equal((MessageKind.VoteClosed, "a"), (closed.Message.Kind, closed.To.Node.Value));
        Assert.Equal(VoteVerdict.Accepted, ((VoteResult)closed.Message.Body!).Tally.Verdict);
        Assert.Equal(MessageKind.VoteClosed, Assert.Single(Call()).Message.Kind);      // the answer was lost: told again
    }

    [Fact]
    public void An_unanswered_voter_is_asked_again_every_second_until_the_deadline_closes_the_vote()
    {
        Call();
        Cast(1, "c", Judgement.Accept);
        Assert.Equal(1_000, _table.NextDueMs);
        Assert.Equal(["b", "d"], Tick(1_000).Select(effect => effect.To.Node.Value));
        Assert.Equal(2_000, _table.NextDueMs);
        Assert.Equal(2, Tick(2_000).Count);

        var closed = Assert.Single(Tick(10_000));
        Assert.Equal((VoteVerdict.NoQuorum, 2), (((VoteResult)closed.Message.Body!).Tally.Verdict, ((VoteResult)closed.Message.Body!).Tally.Abstentions));
        Assert.Equal(long.MaxValue, _table.NextDueMs);
    }

    [Fact]
    public void A_ballot_of_another_vote_or_another_attempt_counts_for_nothing()
    {
        Call();
        Assert.Empty(Cast(0, "b", Judgement.Accept, number: 2));
        Assert.Empty(Cast(0, "b", Judgement.Accept, epoch: new Epoch(1, 1, 4)));
        Assert.Empty(Cast(0, "c", Judgement.Accept));
        Assert.Equal(1, _table.Refused);
        Cast(1, "c", Judgement.Accept);
        Assert.Empty(Cast(1, "c", Judgement.Reject));
        Assert.Equal(2, _table.Refused);
    }

    [Fact]
    public void The_vote_of_the_attempt_that_is_assigned_now_takes_the_place_of_any_other()
    {
        Call();
        Assert.Equal(3, Call(epoch: new Epoch(1, 2, 1)).Count);
        Assert.Empty(Cast(0, "b", Judgement.Accept));
        Assert.Equal(3, Call().Count);      // the later attempt was lost, and the earlier one's node is back with it
        Assert.Equal(1, _table.Count);
        Cast(0, "b", Judgement.Accept);
        Cast(1, "c", Judgement.Accept);
        Assert.Single(Cast(2, "d", Judgement.Accept));
    }

    [Fact]
    public void A_node_that_comes_back_from_before_a_vote_is_held_it_anew()
    {
        Call(number: 2);
        Assert.Equal(3, Call(number: 1, caller: Caller with { Incarnation = new Incarnation(99) }).Count);
        Cast(0, "b", Judgement.Accept);
        Cast(1, "c", Judgement.Accept);
        Assert.Single(Cast(2, "d", Judgement.Accept));
    }

    [Fact]
    public void A_late_call_for_an_earlier_vote_does_not_take_the_place_of_the_one_that_is_on()
    {
        Call(number: 2);
        Assert.Empty(Call(number: 1));
        Cast(0, "b", Judgement.Accept, number: 2);
        Cast(1, "c", Judgement.Accept, number: 2);
        Assert.Single(Cast(2, "d", Judgement.Accept, number: 2));
    }

    [Fact]
    public void The_vote_of_a_settled_task_is_forgotten()
    {
        Call();
        _table.Forget(Task);
        Assert.Empty(Cast(0, "b", Judgement.Accept));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void A_voter_that_the_others_contradict_weighs_less_and_less_and_then_against_itself()
    {
        for (var number = 1; number <= 60; number++)
        {
            Call(number: number, weighted: true);
            Cast(0, "b", Judgement.Accept, number: number);
            Cast(1, "c", Judgement.Accept, number: number);
            Cast(2, "d", Judgement.Reject, number: number);
        }

        Call(number: 100, weighted: true);
        Cast(0, "b", Judgement.Abstain, number: 100);
        Cast(1, "c", Judgement.Reject, number: 100);
        var tally = ((VoteResult)Assert.Single(Cast(2, "d", Judgement.Accept, number: 100)).Message.Body!).Tally;

        Assert.Equal(VoteVerdict.Rejected, tally.Verdict);
        Assert.True(tally.Weight < -3, $"the liar's word weighs for the other side too: {tally.Weight}");
    }

    [Fact]
    public void A_model_with_two_ballots_does_not_vouch_for_itself()
    {
        for (var number = 1; number <= 30; number++)
        {
            Call(number: number, weighted: true, names: ["liar", "honest", "liar"]);
            Cast(0, "b", Judgement.Accept, number: number);
            Cast(1, "c", Judgement.Reject, number: number);
            var tally = ((VoteResult)Assert.Single(Cast(2, "d", Judgement.Accept, number: number)).Message.Body!).Tally;
            Assert.Equal((VoteVerdict.NoQuorum, 0.0), (tally.Verdict, tally.Weight));      // one judge against one other, whichever has more ballots
        }
    }

    private List<SchedulerEffect> Call(int number = 1, Peer[]? nodes = null, bool weighted = false, TaskId? task = null, Epoch? epoch = null, string[]? names = null, Peer? caller = null)
    {
        var models = (names ?? ["model-0", "model-1", "model-2"]).Select(name => new VoterModel(name, "cpu")).ToArray();
        var call = new VoteCall(new Protocol.Samples(1).Spec() with { Class = new("class", 1) }, "artifact"u8.ToArray(), models, 10_000, weighted);
        return Effects(effects => _table.Call(new Message(MessageKind.CallVote, caller ?? Caller, task ?? Task, epoch ?? Epoch, number, call), nodes ?? Nodes, 0, effects));
    }

    private List<SchedulerEffect> Cast(int voter, string node, Judgement judgement, int number = 1, Epoch? epoch = null) =>
        Effects(effects => _table.Take(new Message(MessageKind.BallotCast, PeerOf(node), Task, epoch ?? Epoch, number, new BallotCast(voter, new Ballot(judgement, null, 1))), 0, effects));

    private List<SchedulerEffect> Tick(long nowMs) => Effects(effects => _table.Tick(nowMs, effects));

    private static List<SchedulerEffect> Effects(Action<EffectBuffer<SchedulerEffect>> step)
    {
        var effects = new EffectBuffer<SchedulerEffect>();
        step(effects);
        return [.. effects.Effects];
    }

    private static Peer PeerOf(string node) => new(new NodeId(node), new Incarnation(7), "");
}
