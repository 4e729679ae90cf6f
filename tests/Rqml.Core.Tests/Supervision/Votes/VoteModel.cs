using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;
using Rqml.Testing.Exploration;

namespace Rqml.Core.Tests.Supervision.Votes;

/// <summary>
/// A vote of three voters as its counter meets it: each ballot may come, come again, be lost, and come in any order; nodes go, and the deadline passes at any moment. What
/// the shipped vote makes of it is held against what voters said first.
/// </summary>
internal sealed class VoteModel(VoteModel.Instance instance)
{
    private const long DueMs = 1_000;
    private static readonly Peer[] Nodes = [NodeNamed("a"), NodeNamed("b"), NodeNamed("c")];
    private static readonly Peer Stranger = NodeNamed("stranger");
    private static readonly TaskSpec Spec = new() { Id = default, Class = new ClassKey("voted on", 1), Payload = default };

    private readonly Mail[] _mail = [.. Mails(instance)];

    /// <summary>What the three voters say, whether they lie, and how their ballots weigh.</summary>
    /// <param name="Says">What each says first.</param>
    /// <param name="Lies">Whether each says the opposite later.</param>
    /// <param name="IsWeighted">Whether ballots weigh by reliability.</param>
    /// <param name="Broken">The rule that is broken; null: none.</param>
    public sealed record Instance(Judgement[] Says, bool Lies, bool IsWeighted, string? Broken = null);

    /// <summary>What has come so far, in order.</summary>
    /// <param name="Steps">Mail by its number; −1 to −3: the node of that voter is gone.</param>
    /// <param name="Left">How often each mail may still come.</param>
    /// <param name="IsLate">Whether the deadline has passed.</param>
    /// <param name="LateAt">How many steps came before that.</param>
    public sealed record State(int[] Steps, int[] Left, bool IsLate, int LateAt);

    public State Start => new([], [.. _mail.Select(mail => mail.Times)], false, 0);

    public IEnumerable<Move<State>> Moves(State state)
    {
        for (var mail = 0; mail < _mail.Length; mail++)
        {
            if (state.Left[mail] == 0) continue;
            var left = state.Left.ToArray();
            left[mail]--;
            yield return new($"{_mail[mail].Name} comes", state with { Steps = [.. state.Steps, mail], Left = left });
            yield return new($"{_mail[mail].Name} is lost", state with { Left = left }, IsFault: true);
        }

        for (var voter = 1; voter <= Nodes.Length; voter++)
        {
            if (!state.Steps.Contains(-voter)) yield return new($"the node of voter {voter - 1} is gone", state with { Steps = [.. state.Steps, -voter] }, IsFault: true);
        }

        if (!state.IsLate) yield return new("the deadline passes", state with { IsLate = true, LateAt = state.Steps.Length });
    }

    public UInt128 Fingerprint(State state)
    {
        var (vote, first) = Replay(state);
        return Testing.Exploration.Fingerprint.Of($"{string.Join(' ', state.Left)};{state.IsLate};{string.Join(' ', vote.Voters.Select(voter => voter.Ballot))};{first};{string.Join(' ', state.Steps.Where(step => step < 0).Order())};{Violation(state)}");
    }

    public string? Violation(State state)
    {
        var (vote, first) = Replay(state);
        if (vote.Tally != first) return $"the vote came to {first}, and later to {vote.Tally}";
        var expected = Expected(state, out var isComplete);
        if (first is not { } tally) return isComplete || state.IsLate ? "everything is known, and the vote goes on" : null;
        if (!isComplete && !state.IsLate) return $"the vote came to {tally} before its time";
        return (tally.Accepts, tally.Rejects, tally.Verdict) == (expected.Accepts, expected.Rejects, expected.Verdict) ? null : $"the vote came to {tally}; its voters said {expected}";
    }

    public bool IsGoal(State state) => Replay(state).First is not null;

    /// <summary>The shipped vote after these steps, and what it came to first.</summary>
    private (Vote Vote, VoteTally? First) Replay(State state)
    {
        var call = new VoteCall(Spec, default, [.. Nodes.Select(node => new VoterModel(node.Node.Value, "cpu"))], DueMs, instance.IsWeighted);
        var vote = new Vote(Stranger, default, 1, call, Nodes, nowMs: 0);
        VoteTally? first = null;
        for (var step = 0; step <= state.Steps.Length; step++)
        {
            var nowMs = state.IsLate && step >= state.LateAt ? DueMs : 0;
            if (step == state.LateAt && nowMs == DueMs) Close(nowMs);
            if (step == state.Steps.Length) break;
            if (state.Steps[step] < 0) vote.Excuse(Nodes[-state.Steps[step] - 1].Node);
            else Take(_mail[state.Steps[step]]);
            Close(instance.Broken == "ClosedEarly" ? DueMs : nowMs);
        }

        return (vote, first);

        void Take(Mail mail) => vote.Take(instance.Broken == "UnaskedCounted" ? Nodes[mail.Voter] : mail.From, new BallotCast(mail.Voter, new Ballot(mail.Says, null, 1)));

        void Close(long nowMs)
        {
            if (vote.TryClose(nowMs, static model => VoteTests.Weighing(model, model == "a" ? 3 : 1))) first = vote.Tally;
        }
    }

    /// <summary>What was said by the end: the first word of each voter, from its own node, while nothing was decided. Nobody waits for a voter whose node is gone.</summary>
    private (int Accepts, int Rejects, VoteVerdict Verdict) Expected(State state, out bool isComplete)
    {
        var said = new Judgement?[Nodes.Length];
        var excused = new bool[Nodes.Length];
        for (var step = 0; step < state.Steps.Length; step++)
        {
            if (IsComplete() || (state.IsLate && step >= state.LateAt)) break;
            if (state.Steps[step] < 0) excused[-state.Steps[step] - 1] = true;
            else if (_mail[state.Steps[step]] is { } mail && mail.From == Nodes[mail.Voter]) said[mail.Voter] ??= mail.Says;
        }

        isComplete = IsComplete();
        var (accepts, rejects) = (said.Count(one => one == Judgement.Accept), said.Count(one => one == Judgement.Reject));
        var weight = said.Select((one, voter) => (one == Judgement.Accept ? 1 : one == Judgement.Reject ? -1 : 0) * (instance.IsWeighted && voter == 0 ? 3 : 1)).Sum();
        var verdict = instance.IsWeighted
            ? accepts + rejects < 2 || weight == 0 ? VoteVerdict.NoQuorum : weight > 0 ? VoteVerdict.Accepted : VoteVerdict.Rejected
            : accepts >= 2 ? VoteVerdict.Accepted : rejects >= 2 ? VoteVerdict.Rejected : VoteVerdict.NoQuorum;
        return (accepts, rejects, verdict);

        bool IsComplete() => said.Select((one, voter) => one is not null || excused[voter]).All(isKnown => isKnown);
    }

    /// <summary>Each voter's word; that of liars once more, turned round; and what nobody asked for.</summary>
    private static IEnumerable<Mail> Mails(Instance instance)
    {
        for (var voter = 0; voter < Nodes.Length; voter++) yield return new($"the ballot of voter {voter}", Nodes[voter], voter, instance.Says[voter]);
        if (instance.Lies) yield return new("another word of voter 0", Nodes[0], 0, instance.Says[0] == Judgement.Accept ? Judgement.Reject : Judgement.Accept);
        yield return new("a stranger's ballot", Stranger, 1, Judgement.Accept) { Times = 1 };
        yield return new("a ballot of voter 0 for voter 2", Nodes[0], 2, Judgement.Reject) { Times = 1 };
    }

    private static Peer NodeNamed(string name) => new(new NodeId(name), new Incarnation(1), "");

    private sealed record Mail(string Name, Peer From, int Voter, Judgement Says)
    {
        /// <summary>How often it may come.</summary>
        public int Times { get; init; } = 2;
    }
}
