using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>What voters really said, and what each vote came to at whoever counted it. Property (k).</summary>
internal sealed class VoteJudge(Judge judge, SupervisionCoverage coverage)
{
    private readonly HashSet<(int Process, TaskId Task, Epoch Epoch, int Vote, int Voter)> _asked = [];
    private readonly Dictionary<(TaskId Task, Epoch Epoch, int Vote, int Voter), HashSet<Judgement>> _spoken = [];
    private readonly HashSet<(TaskId Task, int Vote, VoteTally Tally)> _closed = [];
    private readonly Dictionary<TaskId, (Epoch Epoch, int Vote, object Counter)> _on = [];

    public void VoterAsked(SimulatedProcess process, in BallotRequest request)
    {
        var (task, epoch) = request.Pass.Attempt;
        var ballot = (process.Number, task, epoch, SupervisedWork.VoteOf(request.Payload.Span, request.Pass), request.Pass.Number - 1);
        if (!_asked.Add(ballot)) judge.Violated('k', $"a voter was asked twice for the same ballot: {ballot}");
    }

    public void VoterSpoke(in BallotRequest request, Ballot ballot)
    {
        var (task, epoch) = request.Pass.Attempt;
        var key = (task, epoch, SupervisedWork.VoteOf(request.Payload.Span, request.Pass), request.Pass.Number - 1);
        if (!_spoken.TryGetValue(key, out var said)) _spoken[key] = said = [];
        said.Add(ballot.Judgement);
    }

    /// <summary>A ballot reached whoever counts: one that says something was cast by a voter.</summary>
    public void Heard(in Message message)
    {
        var cast = (BallotCast)message.Body!;
        if (cast.Ballot.Judgement == Judgement.Abstain) return;
        if (_spoken.TryGetValue((message.Task, message.Epoch, (int)message.Number, cast.Voter), out var said) && said.Contains(cast.Ballot.Judgement)) return;
        judge.Violated('k', $"voter {cast.Voter} of vote {message.Number} of {message.Task} is said to have said {cast.Ballot.Judgement}, and has not");
    }

    /// <summary>Somebody begins to count a vote; the fates that it has had by then.</summary>
    public IReadOnlyList<VoteFate> Began(TaskId task, Epoch epoch, int vote, object counter)
    {
        var fates = new List<VoteFate>();
        if (_on.TryGetValue(task, out var before))
        {
            if (before.Epoch != epoch) fates.Add(VoteFate.HandedOver);
            else if (before.Vote == vote && before.Counter != counter) fates.Add(VoteFate.LeaderLost);
        }

        _on[task] = (epoch, vote, counter);
        return fates;
    }

    /// <summary>A vote has ended.</summary>
    public void Closed(TaskId task, Epoch epoch, int vote, VoteTally tally, IReadOnlyCollection<VoteFate> fates)
    {
        _closed.Add((task, vote, tally));
        if (_on.TryGetValue(task, out var on) && on.Epoch == epoch && on.Vote == vote) _on.Remove(task);
        if (fates.Count == 0) coverage.Hit(VoteFate.Undisturbed, tally.Verdict);
        foreach (var fate in fates) coverage.Hit(fate, tally.Verdict);
    }

    public bool HasClosed(TaskId task, int vote, VoteTally tally) => _closed.Contains((task, vote, tally));
}
