using FsCheck.Xunit;
using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Core.Tests.Supervision.Votes;

public sealed class VoteTests
{
    private static readonly Peer Caller = PeerOf("caller");

    [Fact]
    public void Nothing_is_said_before_all_have_voted_or_the_deadline_has_passed()
    {
        var vote = New(3);
        Cast(vote, 0, Judgement.Accept);
        Cast(vote, 1, Judgement.Accept);
        Assert.False(vote.TryClose(999, Even));
        Assert.Null(vote.Tally);
        Cast(vote, 2, Judgement.Reject);

        Assert.True(vote.TryClose(999, Even));
        Assert.Equal(new VoteTally(VoteVerdict.Accepted, 3, 2, 1, 1, 3), vote.Tally);
        Assert.False(vote.TryClose(2_000, Even));      // once
    }

    [Theory]
    [InlineData(2, 0, VoteVerdict.Accepted)]
    [InlineData(0, 2, VoteVerdict.Rejected)]
    [InlineData(1, 1, VoteVerdict.NoQuorum)]
    [InlineData(1, 0, VoteVerdict.NoQuorum)]
    [InlineData(0, 0, VoteVerdict.NoQuorum)]
    public void At_the_deadline_more_than_half_of_the_voters_have_to_be_of_one_mind(int accepts, int rejects, VoteVerdict verdict)
    {
        var vote = New(3);
        for (var voter = 0; voter < accepts; voter++) Cast(vote, voter, Judgement.Accept);
        for (var voter = accepts; voter < accepts + rejects; voter++) Cast(vote, voter, Judgement.Reject);

        Assert.True(vote.TryClose(1_000, Even));
        Assert.Equal((verdict, 3 - accepts - rejects), (vote.Tally!.Value.Verdict, vote.Tally.Value.Abstentions));
    }

    [Fact]
    public void A_voter_is_counted_once_and_what_it_says_later_changes_nothing()
    {
        var vote = New(3);
        Assert.Equal(BallotFate.Counted, Cast(vote, 0, Judgement.Accept));
        Assert.Equal(BallotFate.Late, Cast(vote, 0, Judgement.Accept));
        Assert.Equal(BallotFate.Twice, Cast(vote, 0, Judgement.Reject));
        Cast(vote, 1, Judgement.Accept);

        Assert.True(vote.TryClose(1_000, Even));
        Assert.Equal((2, 0), (vote.Tally!.Value.Accepts, vote.Tally.Value.Rejects));
        Assert.Equal(BallotFate.Late, Cast(vote, 2, Judgement.Reject));
        Assert.Equal(0, vote.Tally.Value.Rejects);
    }

    [Fact]
    public void A_ballot_from_a_node_that_was_not_asked_counts_for_nothing()
    {
        var vote = New(3);
        Assert.Equal(BallotFate.Unasked, vote.Take(PeerOf("node-1"), new BallotCast(0, Word(Judgement.Accept))));
        Assert.Equal(BallotFate.Unasked, vote.Take(PeerOf("node-0"), new BallotCast(7, Word(Judgement.Accept))));
        Assert.Equal(BallotFate.Unasked, vote.Take(Caller, new BallotCast(0, Word(Judgement.Accept))));
        Assert.All(vote.Voters, voter => Assert.Null(voter.Ballot));
    }

    [Fact]
    public void Who_votes_on_a_node_that_is_gone_abstains()
    {
        var vote = New(3);
        Cast(vote, 0, Judgement.Accept);
        Cast(vote, 1, Judgement.Accept);
        vote.Excuse(new NodeId("node-2"));
        vote.Excuse(new NodeId("node-1"));      // it has voted

        Assert.True(vote.TryClose(1, Even));
        Assert.Equal((VoteVerdict.Accepted, 2, 1), (vote.Tally!.Value.Verdict, vote.Tally.Value.Accepts, vote.Tally.Value.Abstentions));
    }

    [Fact]
    public void Weighed_by_reliability_one_good_voter_outweighs_two_poor_ones()
    {
        var vote = New(3, weighted: true);
        Cast(vote, 0, Judgement.Accept);
        Cast(vote, 1, Judgement.Reject);
        Cast(vote, 2, Judgement.Reject);

        Assert.True(vote.TryClose(1, model => Weighing(model, model == "model-0" ? 3 : 1)));
        Assert.Equal(VoteVerdict.Accepted, vote.Tally!.Value.Verdict);
        Assert.Equal(1, vote.Tally.Value.Weight, precision: 9);
    }

    [Fact]
    public void Of_a_model_that_votes_twice_each_ballot_weighs_half()
    {
        var vote = New(["same", "same", "other"]);
        Cast(vote, 0, Judgement.Accept);
        Cast(vote, 1, Judgement.Accept);
        Cast(vote, 2, Judgement.Reject);

        Assert.True(vote.TryClose(1, model => Weighing(model, model == "same" ? 1 : 1.5)));
        Assert.Equal((VoteVerdict.Rejected, 2, 1), (vote.Tally!.Value.Verdict, vote.Tally.Value.Accepts, vote.Tally.Value.Rejects));
    }

    [Fact]
    public void A_voter_that_was_taken_for_gone_and_is_back_in_time_is_counted_and_no_liar()
    {
        var vote = New(3);
        vote.Excuse(new NodeId("node-2"));
        Assert.Equal(BallotFate.Counted, Cast(vote, 2, Judgement.Accept));
        Cast(vote, 0, Judgement.Accept);
        Cast(vote, 1, Judgement.Reject);

        Assert.True(vote.TryClose(1, Even));
        Assert.Equal((2, 1), (vote.Tally!.Value.Accepts, vote.Tally.Value.Rejects));
    }

    [Fact]
    public void Who_had_no_room_to_vote_and_does_so_when_asked_again_is_late_and_no_liar()
    {
        var vote = New(3);
        Assert.Equal(BallotFate.Counted, Cast(vote, 0, Judgement.Abstain));
        Assert.Equal(BallotFate.Late, Cast(vote, 0, Judgement.Accept));
    }

    [Fact]
    public void Once_it_is_over_everybody_may_hear_who_said_what()
    {
        var vote = New(3);
        vote.Take(PeerOf("node-0"), new BallotCast(0, new Ballot(Judgement.Reject, new string('x', 5_000), 1)));
        vote.Excuse(new NodeId("node-1"));
        Assert.True(vote.TryClose(1_000, Even));

        Assert.Equal(
            [("model-0", "node-0", Judgement.Reject, 200), ("model-1", "node-1", Judgement.Abstain, "its node is gone".Length), ("model-2", "node-2", Judgement.Abstain, "nothing was heard of it in time".Length)],
            vote.Opinions().Select(opinion => (opinion.By, opinion.Node!.Value.Value, opinion.Judgement, opinion.Reason!.Length)));
    }

    /// <summary>Whatever order ballots come in, and however often, the tally is that of each voter's first.</summary>
    [Property]
    public void A_tally_is_that_of_the_first_ballots(byte[] ballots)
    {
        var vote = New(5);
        var first = new Dictionary<int, Judgement>();
        foreach (var ballot in ballots)
        {
            var (voter, judgement) = (ballot % 5, (Judgement)(ballot / 5 % 3));
            first.TryAdd(voter, judgement);
            Cast(vote, voter, judgement);
        }

        Assert.True(vote.TryClose(1_000, Even));
        var tally = vote.Tally!.Value;
        Assert.Equal((first.Values.Count(word => word == Judgement.Accept), first.Values.Count(word => word == Judgement.Reject)), (tally.Accepts, tally.Rejects));
        Assert.Equal(tally.Accepts >= 3, tally.Verdict == VoteVerdict.Accepted);
        Assert.Equal(tally.Rejects >= 3, tally.Verdict == VoteVerdict.Rejected);
    }

    private static Vote New(int voters, bool weighted = false) => New([.. Enumerable.Range(0, voters).Select(voter => $"model-{voter}")], weighted);

    private static Vote New(string[] models, bool weighted = true)
    {
        var call = new VoteCall(new Protocol.Samples(1).Spec(), "artifact"u8.ToArray(), [.. models.Select(model => new VoterModel(model, "cpu"))], 1_000, weighted);
        return new Vote(Caller, new Epoch(1, 1, 1), 1, call, [.. Enumerable.Range(0, models.Length).Select(voter => PeerOf($"node-{voter}"))], nowMs: 0);
    }

    private static JudgeReliability Even(string model) => Weighing(model, 1);

    /// <summary>A judge whose word weighs as much: the log-odds of being right.</summary>
    internal static JudgeReliability Weighing(string model, double weight) => new(model, 1 / (1 + Math.Exp(-weight)), 1);

    private static BallotFate Cast(Vote vote, int voter, Judgement judgement) => vote.Take(PeerOf($"node-{voter}"), new BallotCast(voter, Word(judgement)));

    private static Ballot Word(Judgement judgement) => new(judgement, null, 1);

    private static Peer PeerOf(string node) => new(new NodeId(node), new Incarnation(7), "");
}
