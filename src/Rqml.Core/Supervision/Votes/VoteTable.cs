using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;

namespace Rqml.Supervision.Votes;

/// <summary>
/// The votes that a leader counts, one a task at most. Soft state: a new leader knows none, is asked again by whoever waits for one, and holds it anew.
/// </summary>
internal sealed class VoteTable(Peer self)
{
    private const long AskEveryMs = 1_000;
    private const int JudgesRemembered = 4_096;

    // Before anything was measured: better than a coin, and after a dozen votes what was measured says as much.
    private const double ExpectedOfVoters = 0.8;
    private const double ExpectationWeighs = 10;

    private readonly Dictionary<TaskId, Vote> _votes = [];
    private readonly Dictionary<(ClassKey Class, string Model), JudgeReliability> _reliability = [];
    private long _askDueMs = long.MaxValue;

    public int Count => _votes.Count;

    /// <summary>When something is to be asked again, or a deadline passes.</summary>
    public long NextDueMs { get; private set; } = long.MaxValue;

    /// <summary>Ballots that nobody had asked for, or that said something else than before.</summary>
    public long Refused { get; private set; }

    /// <summary>
    /// A node waits for a vote: it is told the result where there is one; else its voters are asked, unless that has been done. The attempt is the one that is assigned now, which may
    /// be an earlier one than the last that called: then its node came back with it.
    /// </summary>
    /// <param name="message">The call.</param>
    /// <param name="nodes">Who could vote on the class, in a fixed order; nobody: it is asked again later.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="effects">Takes what is to be sent.</param>
    public void Call(in Message message, IReadOnlyList<Peer> nodes, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var number = (int)message.Number;
        if (_votes.TryGetValue(message.Task, out var vote) && (vote.Epoch, vote.Number) == (message.Epoch, number))
        {
            vote.Caller = message.From;
            if (vote.Tally is not null) Tell(message.Task, vote, effects);
            return;
        }

        if (nodes.Count == 0 || (vote is not null && IsBehind(vote, message))) return;
        var call = (VoteCall)message.Body!;
        vote = new Vote(message.From, message.Epoch, number, call, Spread(call, nodes, message.From), nowMs);
        _votes[message.Task] = vote;
        Ask(message.Task, vote, effects);
        Expect(vote, nowMs);
    }

    /// <summary>A late call for an earlier vote does not take the place of the one that is on; but another start of its node may have gone back to before it.</summary>
    private static bool IsBehind(Vote vote, in Message call) => vote.Epoch == call.Epoch && vote.Number > call.Number && vote.Caller == call.From;

    /// <summary>Takes a ballot.</summary>
    public BallotFate Take(in Message message, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (!_votes.TryGetValue(message.Task, out var vote) || (vote.Epoch, vote.Number) != (message.Epoch, (int)message.Number)) return BallotFate.Late;
        var fate = vote.Take(message.From, (BallotCast)message.Body!);
        if (fate is BallotFate.Twice or BallotFate.Unasked) Refused++;
        Close(message.Task, vote, nowMs, effects);
        return fate;
    }

    /// <summary>A node is gone: nobody waits for who was to vote there.</summary>
    public void Excuse(NodeId node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        foreach (var (task, vote) in _votes)
        {
            vote.Excuse(node);
            Close(task, vote, nowMs, effects);
        }
    }

    /// <summary>The task is settled.</summary>
    public void Forget(TaskId task) => _votes.Remove(task);

    public void Clear()
    {
        _votes.Clear();
        NextDueMs = _askDueMs = long.MaxValue;
    }

    /// <summary>Closes what is due, and asks again where a call may have been lost.</summary>
    public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (NextDueMs > nowMs) return;
        var asks = _askDueMs <= nowMs;
        NextDueMs = _askDueMs = long.MaxValue;
        foreach (var (task, vote) in _votes)
        {
            if (vote.Tally is not null) continue;
            Close(task, vote, nowMs, effects);
            if (vote.Tally is not null) continue;
            if (asks) Ask(task, vote, effects);
            Expect(vote, nowMs);
        }
    }

    private void Expect(Vote vote, long nowMs)
    {
        _askDueMs = Math.Min(_askDueMs, nowMs + AskEveryMs);
        NextDueMs = Math.Min(Math.Min(NextDueMs, _askDueMs), vote.DueMs);
    }

    private void Close(TaskId task, Vote vote, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (!vote.TryClose(nowMs, model => Reliability(vote, model))) return;
        Learn(vote);
        Tell(task, vote, effects);
    }

    private void Tell(TaskId task, Vote vote, EffectBuffer<SchedulerEffect> effects) =>
        effects.Add(SchedulerEffect.Send(vote.Caller, new Message(MessageKind.VoteClosed, self, task, vote.Epoch, vote.Number, new VoteResult(vote.Number, vote.Tally!.Value, vote.Opinions()))));

    private void Ask(TaskId task, Vote vote, EffectBuffer<SchedulerEffect> effects)
    {
        for (var place = 0; place < vote.Voters.Count; place++)
        {
            var voter = vote.Voters[place];
            if (voter.Ballot is not null || voter.IsExcused) continue;
            var call = new BallotCall(vote.Call.Spec, vote.Call.Artifact, voter.Model, place, vote.Call.DeadlineMs);
            effects.Add(SchedulerEffect.Send(voter.Node, new Message(MessageKind.AskBallot, self, task, vote.Epoch, vote.Number, call)));
        }
    }

    /// <summary>Each voter on another node as far as they reach, the caller's own last.</summary>
    private static Peer[] Spread(VoteCall call, IReadOnlyList<Peer> nodes, Peer caller)
    {
        var order = nodes.OrderBy(node => node.Node == caller.Node).ToArray();
        return [.. Enumerable.Range(0, call.Models.Count).Select(place => order[place % order.Length])];
    }

    /// <summary>Each model is measured by what the others said together: nobody's own word counts for him, however many ballots he had.</summary>
    private void Learn(Vote vote)
    {
        var words = vote.Words(model => Reliability(vote, model));
        foreach (var own in words.GroupBy(word => word.Judge.Name))
        {
            var said = own.Sum(word => word.Judgement switch { Judgement.Accept => 1, Judgement.Reject => -1, _ => 0 });
            var others = WeightedVerdict.Of([.. words.Where(word => word.Judge.Name != own.Key)]).Sum;
            if (said == 0 || others == 0) continue;
            var (key, judge) = ((vote.Call.Spec.Class, own.Key), own.First().Judge);
            if (_reliability.Count >= JudgesRemembered && !_reliability.ContainsKey(key)) _reliability.Clear();      // names that never come back: the prior will do
            _reliability[key] = others > 0 == said > 0 ? judge.Right() : judge.Wrong();
        }
    }

    private JudgeReliability Reliability(Vote vote, string model) =>
        _reliability.TryGetValue((vote.Call.Spec.Class, model), out var measured) ? measured : new JudgeReliability(model, ExpectedOfVoters, ExpectationWeighs);
}
