using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A node's part in votes: waiting for one, and casting ballots for others.</summary>
public sealed class NodeVoteTests
{
    private static readonly Ballot Yes = new(Judgement.Accept, null, 1);

    private readonly NodeBench _node = new NodeBench(lanes: 1).Welcome();

    [Fact]
    public void A_task_that_waits_for_a_vote_gives_its_lane_up_and_asks_until_it_is_told()
    {
        var (waiting, other) = (_node.Assign(), _node.Assign());
        AwaitVote(waiting.Attempt.Task);
        Assert.Equal([waiting.Attempt.Task, other.Attempt.Task], _node.Started);
        Assert.Single(Calls());

        _node.Pass(2_500);
        Assert.Equal(3, Calls().Count());
        Close(waiting, number: 2);      // another vote's
        Close(waiting, number: 1, epoch: new Epoch(9, 9, 9));
        _node.End(other.Attempt.Task, RunEnding.Yielded);
        Assert.DoesNotContain(waiting.Attempt.Task, _node.Started.Skip(2));

        _node.End(other.Attempt.Task, RunEnding.Finished, result: new Settlement { Outcome = Outcome.Converged });
        Close(waiting, number: 1);
        Assert.Equal(waiting.Attempt.Task, _node.Started.Last());
        _node.Pass(5_000);
        Assert.Equal(3, Calls().Count());
    }

    [Fact]
    public void A_ballot_goes_before_every_task_and_gets_the_lane_of_the_least_important_at_its_boundary()
    {
        var running = _node.Assign(priority: 5);
        var waiting = _node.Assign(priority: 9);
        _node.End(running.Attempt.Task, RunEnding.Yielded);
        _node.Effects.Clear();
        Ask(voter: 0);
        Assert.Equal([waiting.Attempt.Task], _node.AskedToYield.Distinct());
        Assert.Empty(Ballots());

        _node.End(waiting.Attempt.Task, RunEnding.Yielded);
        Assert.Single(Ballots());
        Assert.Empty(_node.Started);
        Vote(Ballots().Single(), Yes);
        Assert.Equal([waiting.Attempt.Task], _node.Started);
        Assert.Equal(Yes, Assert.Single(Cast()).Ballot);
    }

    [Fact]
    public void A_ballot_is_cast_once_and_told_again_to_whoever_asks_again()
    {
        Ask(voter: 0);
        Ask(voter: 0);
        Assert.Single(Ballots());
        Vote(Ballots().Single(), Yes);
        Ask(voter: 0);
        Ask(voter: 1);

        Assert.Equal(2, Ballots().Count());
        Assert.Equal([Yes, Yes], Cast().Select(cast => cast.Ballot));
    }

    [Fact]
    public void Who_cannot_vote_abstains_at_once()
    {
        Ask(voter: 0, @class: "unknown");
        Ask(voter: 1, device: "cuda");
        Assert.Equal([Judgement.Abstain, Judgement.Abstain], Cast().Select(cast => cast.Ballot.Judgement));

        _node.Drain();
        Ask(voter: 2);
        Assert.Equal(3, Cast().Count());
        Assert.Empty(Ballots());
    }

    [Fact]
    public void A_node_that_an_operator_drains_votes_where_it_is_asked_as_nobody_else_can()
    {
        _node.Hear(new Message(MessageKind.Drain, NodeBench.Scheduler, Epoch: new Epoch(NodeBench.Term.Generation, NodeBench.Term.Number, 0), Number: (long)_node.Machine.Self.Incarnation.Value));
        Assert.Equal(NodePhase.Draining, _node.Machine.Phase);
        Ask(voter: 0);
        Vote(Ballots().Single(), Yes);
        Assert.Equal(Yes, Assert.Single(Cast()).Ballot);
    }

    [Fact]
    public void A_node_that_drains_waits_for_the_ballot_that_it_has_begun()
    {
        Ask(voter: 0);
        _node.Drain();
        Assert.DoesNotContain(_node.Effects, effect => effect.Kind == NodeEffectKind.Drained);
        Vote(Ballots().Single(), Yes);
        Assert.Contains(_node.Effects, effect => effect.Kind == NodeEffectKind.Drained);
    }

    [Fact]
    public void A_ballot_that_nobody_waits_for_any_more_is_not_begun()
    {
        var running = _node.Assign();
        Ask(voter: 0, deadlineMs: 500);
        _node.NowMs += 501;
        _node.End(running.Attempt.Task, RunEnding.Yielded);
        Assert.Empty(Ballots());
    }

    private void AwaitVote(TaskId task) =>
        _node.End(task, RunEnding.AwaitingVote, new RefinementSnapshot { Iteration = 3, Vote = 1 }, call: new VoteCall(Spec(), default, [new VoterModel("model", "cpu")], 1_000, false));

    private void Close(NodeAttempt attempt, int number, Epoch? epoch = null) =>
        _node.Hear(new Message(MessageKind.VoteClosed, NodeBench.Scheduler, attempt.Attempt.Task, epoch ?? attempt.Attempt.Epoch, number, new VoteResult(number, default, [])));

    private void Ask(int voter, string @class = "work", string device = "cpu", long deadlineMs = 10_000)
    {
        var call = new BallotCall(Spec() with { Class = new ClassKey(@class, 1) }, default, new VoterModel("model", device), voter, deadlineMs);
        _node.Hear(new Message(MessageKind.AskBallot, NodeBench.Scheduler, TaskId.Create(1, 1, new LedgerId(1)), new Epoch(1, 1, 1), 1, call));
    }

    private void Vote(BallotJob job, Ballot ballot) => _node.Vote(job, ballot);

    private IEnumerable<Message> Calls() => Sent(MessageKind.CallVote);

    private IEnumerable<BallotCast> Cast() => Sent(MessageKind.BallotCast).Select(message => (BallotCast)message.Body!);

    private IEnumerable<BallotJob> Ballots() => _node.Effects.Where(effect => effect.Kind == NodeEffectKind.StartBallot).Select(effect => effect.Ballot!);

    private IEnumerable<Message> Sent(MessageKind kind) => _node.Effects.Where(effect => effect.Kind == NodeEffectKind.Send && effect.Message.Kind == kind).Select(effect => effect.Message);

    private static TaskSpec Spec() => new() { Id = TaskId.Create(1, 1, new LedgerId(1)), Class = new ClassKey("work", 1), Payload = default };
}
