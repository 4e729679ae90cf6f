using Rqml.Messaging;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation;

/// <summary>Bends ballots on their way to a scheduler that breaks a rule of votes: what the rule would refuse comes to it as what it has to count.</summary>
internal sealed class MutantBallots(Mutant mutant)
{
    private readonly Dictionary<TaskId, Vote> _votes = [];

    public void Asked(Peer voter, in Message message)
    {
        if (!_votes.TryGetValue(message.Task, out var vote) || (vote.Epoch, vote.Number) != (message.Epoch, message.Number)) _votes[message.Task] = vote = new Vote(message.Epoch, message.Number);
        vote.Asked[((BallotCall)message.Body!).Voter] = voter;
    }

    public Message Bend(in Message ballot)
    {
        if (!_votes.TryGetValue(ballot.Task, out var vote) || vote.Epoch != ballot.Epoch) return ballot;
        var cast = (BallotCast)ballot.Body!;
        var isOfAnother = ballot.Number != vote.Number;
        if (isOfAnother && mutant != Mutant.BallotOfAnotherVoteCounted) return ballot;
        var bent = ballot with { Number = vote.Number };
        if (mutant == Mutant.UnaskedBallotCounted && vote.Asked.TryGetValue(cast.Voter, out var asked)) bent = bent with { From = asked };
        if (mutant == Mutant.LyingVoterCountedTwice && vote.Heard.Contains(cast.Voter) && Missing(ballot).FirstOrDefault() is { Peer: { } other } missing) bent = bent with { From = other, Body = cast with { Voter = missing.Voter } };
        vote.Heard.Add(((BallotCast)bent.Body!).Voter);
        return bent;
    }

    /// <summary>The voters of whom nothing was heard.</summary>
    public IEnumerable<(int Voter, Peer Peer)> Missing(Message ballot)
    {
        if (!_votes.TryGetValue(ballot.Task, out var vote) || (vote.Epoch, vote.Number) != (ballot.Epoch, ballot.Number)) return [];
        return [.. vote.Asked.Where(asked => !vote.Heard.Contains(asked.Key)).Select(asked => (asked.Key, asked.Value))];
    }

    private sealed class Vote(Epoch epoch, long number)
    {
        public Epoch Epoch { get; } = epoch;

        public long Number { get; } = number;

        public Dictionary<int, Peer> Asked { get; } = [];

        public HashSet<int> Heard { get; } = [];
    }
}
