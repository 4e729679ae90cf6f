using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// Counts beside one scheduler: who was asked, what the scheduler heard of each, and whether what it makes of that is right: neither too early, nor with a ballot too
/// many, nor for another vote.
/// </summary>
internal sealed class BallotCount(World world, Judge judge)
{
    private readonly Dictionary<TaskId, Count> _votes = [];
    private object _term = new();

    private VoteJudge Votes => judge.Supervision.Votes;

    /// <summary>The scheduler is about to take this in.</summary>
    public void Hears(in SchedulerEvent @event)
    {
        switch (@event.Kind)
        {
            case SchedulerEventKind.Elected or SchedulerEventKind.Deposed:
                _votes.Clear();
                _term = new object();
                break;
            case SchedulerEventKind.Fenced or SchedulerEventKind.RefusedAsFenced:
                foreach (var vote in _votes.Values) vote.Gone.Add(@event.Peer!.Node);
                break;
            case SchedulerEventKind.Message when @event.Message.Kind == MessageKind.TaskSettled:
                _votes.Remove(@event.Message.Task);      // forgotten with its task: a call for it that comes late is for another, which nobody waits for
                break;
            case SchedulerEventKind.Message when @event.Message.Kind == MessageKind.BallotCast:
                Votes.Heard(@event.Message);
                world.Tell($"ballot for vote {@event.Message.Number} of {@event.Message.Task} from {@event.Message.From}: {@event.Message.Body}");
                if (IsOn(@event.Message) is { } on) on.Hear(@event.Message);
                break;
        }
    }

    /// <summary>Ballots that nobody cast are about to be mixed in.</summary>
    public void IsForged(in Message message)
    {
        if (IsOn(message) is { Tally: null } on) on.Fates.Add(VoteFate.Forged);
    }

    /// <summary>The scheduler has said this.</summary>
    public void Told(Peer to, in Message message, long nowMs)
    {
        if (message.Kind == MessageKind.AskBallot) Asked(to, message, nowMs);
        else if (message.Kind == MessageKind.VoteClosed) Closed(message, nowMs);
    }

    private void Asked(Peer to, in Message message, long nowMs)
    {
        var call = (BallotCall)message.Body!;
        var vote = IsOn(message);
        if (vote is null)
        {
            _votes[message.Task] = vote = new Count(message.Epoch, message.Number, nowMs + call.DeadlineMs);
            vote.Fates.UnionWith(Votes.Began(message.Task, message.Epoch, (int)message.Number, _term));
        }

        if (!vote.Voters.TryAdd(call.Voter, to.Node) && vote.Voters[call.Voter] != to.Node) judge.Violated('k', $"voter {call.Voter} of vote {message.Number} of {message.Task} was {vote.Voters[call.Voter]}, and is {to.Node}");
    }

    private void Closed(in Message message, long nowMs)
    {
        var (number, tally, _) = (VoteResult)message.Body!;
        if (number != message.Number || IsOn(message) is not { } vote)
        {
            judge.Violated('k', $"vote {message.Number} of {message.Task} was closed, and nobody had been asked");
            return;
        }

        if (vote.Tally is { } first)
        {
            if (first != tally) judge.Violated('k', $"vote {message.Number} of {message.Task} came to {first}, and later to {tally}");
            return;
        }

        vote.Tally = tally;
        world.Tell($"vote {number} of {message.Task} came to {tally}; asked were {string.Join(", ", vote.Voters)}");
        Check(vote, message, tally, nowMs);
        Votes.Closed(message.Task, message.Epoch, number, tally, vote.Fates);
    }

    private void Check(Count vote, in Message message, VoteTally tally, long nowMs)
    {
        var missing = vote.Voters.Where(voter => !vote.Said.ContainsKey(voter.Key)).ToArray();
        if (missing.Length > 0 && nowMs >= vote.DueMs) vote.Fates.Add(VoteFate.Deadline);
        else if (missing.Length > 0) vote.Fates.Add(VoteFate.VoterGone);
        if (nowMs < vote.DueMs && missing.Any(voter => !vote.Gone.Contains(voter.Value))) judge.Violated('k', $"vote {message.Number} of {message.Task} was closed before its time, without the ballot of a voter that lives");
        if (vote.Said.ContainsValue(Judgement.Abstain)) vote.Fates.Add(VoteFate.Abstention);

        // A voter whose node was gone before its ballot came has abstained, or has not: we do not see when its vote heard of that.
        var doubtful = vote.Said.Where(said => vote.Gone.Contains(vote.Voters[said.Key])).ToArray();
        Range(Judgement.Accept, tally.Accepts);
        Range(Judgement.Reject, tally.Rejects);
        if (tally.Voters != vote.Voters.Count) judge.Violated('k', $"vote {message.Number} of {message.Task} counts {tally.Voters} voters; {vote.Voters.Count} were asked");
        var quorum = (tally.Voters / 2) + 1;
        if (tally.Verdict != VoteVerdict.NoQuorum && tally.Accepts + tally.Rejects < quorum) judge.Violated('k', $"vote {tally} decides without a quorum");

        void Range(Judgement judgement, int counted)
        {
            var said = vote.Said.Values.Count(one => one == judgement);
            var less = doubtful.Count(one => one.Value == judgement);
            if (counted > said || counted < said - less) judge.Violated('k', $"a vote counts {counted} ballots that say {judgement}; {said} were cast by who was asked");
        }
    }

    private Count? IsOn(in Message message) => _votes.TryGetValue(message.Task, out var vote) && (vote.Epoch, vote.Number) == (message.Epoch, message.Number) ? vote : null;

    private sealed class Count(Epoch epoch, long number, long dueMs)
    {
        public Epoch Epoch { get; } = epoch;

        public long Number { get; } = number;

        public long DueMs { get; } = dueMs;

        public Dictionary<int, NodeId> Voters { get; } = [];

        public Dictionary<int, Judgement> Said { get; } = [];

        public HashSet<NodeId> Gone { get; } = [];

        public HashSet<VoteFate> Fates { get; } = [];

        public VoteTally? Tally { get; set; }

        /// <summary>The first word of whoever was asked counts.</summary>
        public void Hear(in Message message)
        {
            var cast = (BallotCast)message.Body!;
            if (Tally is null && Voters.TryGetValue(cast.Voter, out var asked) && asked == message.From.Node) Said.TryAdd(cast.Voter, cast.Ballot.Judgement);
        }
    }
}
