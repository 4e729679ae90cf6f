using Rqml.Messaging;

namespace Rqml.Supervision.Votes;

/// <summary>
/// One vote as whoever counts holds it: who was asked, and what they said. Nobody hears of a ballot before all are in or the deadline has passed. A pure machine's
/// state.
/// </summary>
internal sealed class Vote
{
    private readonly Voter[] _voters;
    private VoteTally? _tally;

    /// <param name="caller">Who called it.</param>
    /// <param name="epoch">The attempt that waits for it.</param>
    /// <param name="number">Number of the vote in its task.</param>
    /// <param name="call">What it is about.</param>
    /// <param name="nodes">The node of each voter.</param>
    /// <param name="nowMs">When it begins.</param>
    public Vote(Peer caller, Epoch epoch, int number, VoteCall call, IReadOnlyList<Peer> nodes, long nowMs)
    {
        (Caller, Epoch, Number, Call) = (caller, epoch, number, call);
        DueMs = nowMs + call.DeadlineMs;
        _voters = [.. call.Models.Select((model, place) => new Voter(nodes[place], model))];
    }

    public Peer Caller { get; set; }

    public Epoch Epoch { get; }

    public int Number { get; }

    public VoteCall Call { get; private set; }

    public long DueMs { get; }

    public IReadOnlyList<Voter> Voters => _voters;

    /// <summary>What it came to; null while it is on.</summary>
    public VoteTally? Tally => _tally;

    /// <summary>Takes a ballot. The first of each voter counts, from the node that was asked and from no other.</summary>
    public BallotFate Take(Peer from, BallotCast cast)
    {
        if (cast.Voter < 0 || cast.Voter >= _voters.Length || _voters[cast.Voter].Node.Node != from.Node) return BallotFate.Unasked;
        ref var voter = ref _voters[cast.Voter];
        if (voter.Ballot is { } first) return IsContradicted(first, cast.Ballot) ? BallotFate.Twice : BallotFate.Late;
        if (_tally is not null) return BallotFate.Late;
        voter = voter with { Ballot = cast.Ballot };
        return BallotFate.Counted;
    }

    /// <summary>A node is gone: nobody waits for its voters. A ballot that comes nevertheless, before the end, counts.</summary>
    public void Excuse(NodeId node)
    {
        foreach (ref var voter in _voters.AsSpan())
        {
            if (voter.Node.Node == node) voter = voter with { IsExcused = true };
        }
    }

    /// <summary>What each voter said. Of a model that votes more than once each ballot weighs its share: it is one judge, however often it is asked.</summary>
    public JudgeVote[] Words(Func<string, JudgeReliability> judgeOf) =>
        [.. _voters.Select(voter => new JudgeVote(judgeOf(voter.Model.Name), voter.Ballot?.Judgement ?? Judgement.Abstain, 1.0 / _voters.Count(other => other.Model.Name == voter.Model.Name)))];

    /// <summary>What each voter said, for whoever asks once it is over.</summary>
    public Opinion[] Opinions() => [.. _voters.Select(voter => new Opinion(voter.Model.Name, voter.Ballot?.Judgement ?? Judgement.Abstain)
    {
        Node = voter.Node.Node,
        Reason = Opinion.Cut(voter.Ballot is { } ballot ? ballot.Reason : voter.IsExcused ? "its node is gone" : "nothing was heard of it in time"),
    })];

    /// <summary>Ends it where all ballots are in or its time is up; true once, for whoever tells the caller.</summary>
    /// <param name="nowMs">The time.</param>
    /// <param name="judgeOf">How far a model's ballot is to be trusted.</param>
    public bool TryClose(long nowMs, Func<string, JudgeReliability> judgeOf)
    {
        if (_tally is not null) return false;
        if (nowMs < DueMs && Array.Exists(_voters, voter => voter is { Ballot: null, IsExcused: false })) return false;
        _tally = Count(judgeOf);
        Call = Call with { Artifact = default, Spec = Call.Spec with { Payload = default } };      // nobody is asked any more
        return true;
    }

    /// <summary>Who abstained first, as its node had no room for it, may vote when asked again: that is late, and no lie.</summary>
    private static bool IsContradicted(Ballot first, Ballot second) =>
        first.Judgement != second.Judgement && first.Judgement != Judgement.Abstain && second.Judgement != Judgement.Abstain;

    private VoteTally Count(Func<string, JudgeReliability> judgeOf)
    {
        var (accepts, rejects, cost) = (0, 0, 0.0);
        foreach (var voter in _voters)
        {
            if (voter.Ballot is not { } ballot) continue;
            if (ballot.Cost > 0 && double.IsFinite(ballot.Cost)) cost += ballot.Cost;
            if (ballot.Judgement == Judgement.Accept) accepts++;
            else if (ballot.Judgement == Judgement.Reject) rejects++;
        }

        var weight = Call.IsWeighted ? WeightedVerdict.Of(Words(judgeOf)).Sum : accepts - rejects;
        return new VoteTally(VerdictOf(accepts, rejects, weight), _voters.Length, accepts, rejects, weight, cost);
    }

    /// <summary>More than half of the voters have to be of one mind; where ballots are weighed, more than half have to say something, and the weight decides.</summary>
    private VoteVerdict VerdictOf(int accepts, int rejects, double weight)
    {
        var quorum = (_voters.Length / 2) + 1;
        if (Call.IsWeighted)
        {
            if (accepts + rejects < quorum || weight == 0) return VoteVerdict.NoQuorum;
            return weight > 0 ? VoteVerdict.Accepted : VoteVerdict.Rejected;
        }

        if (accepts >= quorum) return VoteVerdict.Accepted;
        return rejects >= quorum ? VoteVerdict.Rejected : VoteVerdict.NoQuorum;
    }

    /// <summary>One voter.</summary>
    internal readonly record struct Voter(Peer Node, VoterModel Model, Ballot? Ballot = null, bool IsExcused = false);
}

/// <summary>What became of a ballot.</summary>
internal enum BallotFate
{
    Counted,

    /// <summary>It says again what was counted, or comes after the end.</summary>
    Late,

    /// <summary>The voter has said something else before.</summary>
    Twice,

    /// <summary>Nobody asked its sender.</summary>
    Unasked,
}
