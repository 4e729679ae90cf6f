using Rqml.Models;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>The judge's own account of one task in one start of a process: where it stands, and what has been seen since.</summary>
internal sealed class Account(Boundary resumed, TaskClassDefinition @class)
{
    private readonly List<Boundary> _boundaries = [resumed];

    /// <summary>The last boundary: where the next run begins.</summary>
    public Boundary At { get; private set; } = resumed;

    /// <summary>Accepted, and not yet validated; null otherwise. A run that ends before that goes back to the boundary.</summary>
    public Boundary? Accepted { get; set; }

    /// <summary>Where it ended; null while it goes on.</summary>
    public Boundary? End { get; set; }

    /// <summary>Whether its policy threw, or decided what cannot be.</summary>
    public bool HasPolicyFailed { get; set; }

    /// <summary>The task's class.</summary>
    public TaskClassDefinition Class { get; } = @class;

    /// <summary>Epochs of the attempts that this is the account of.</summary>
    public HashSet<Epoch> Epochs { get; } = [];

    /// <summary>Whether another attempt has taken over, and may have done so from an earlier boundary than the last.</summary>
    public bool IsTakenOver { get; private set; }

    /// <summary>Whether it may also go on from what another node has left.</summary>
    public bool MayBeBrought { get; private set; }

    /// <summary>The worker that makes the current iteration; null between two.</summary>
    public object? Runner { get; set; }

    public List<PassSeen> Passes { get; } = [];

    /// <summary>What the validators said last; null where they were not asked since the last decision.</summary>
    public IReadOnlyList<Validation>? Verdicts { get; set; }

    /// <summary>Whether a validator with the last word has refused.</summary>
    public bool IsVetoed { get; set; }

    /// <summary>The boundary that was written last, and how many decisions are durable with it.</summary>
    public Boundary Written { get; set; } = resumed;

    public int DurableDecisions { get; set; } = resumed.Decided.Count;

    /// <summary>Whether the next entry may begin with the last decision of those that are taken for durable: one about a vote.</summary>
    public bool MayKeepVote { get; set; }

    /// <summary>Whether it goes on from a disk, and no policy has been asked since.</summary>
    public bool IsResumed { get; set; }

    public void TakenOver(Boundary? brought)
    {
        IsTakenOver = true;
        MayBeBrought = brought is not null;
        if (brought is not null) _boundaries.Add(brought);
    }

    public void Reach(Boundary boundary)
    {
        At = boundary;
        Accepted = null;
        _boundaries.Add(boundary);
    }

    /// <summary>The boundary at which so many passes had been charged: there is one at most.</summary>
    public Boundary? Find(int passes) => _boundaries.FindLast(boundary => boundary.Passes == passes);

    /// <summary>Another attempt goes on from an earlier boundary. Where that followed a vote, which of the two took its result cannot be told: the first pass names an attempt.</summary>
    public void GoBack(Boundary boundary)
    {
        At = boundary;
        Written = boundary;
        DurableDecisions = boundary.Decided.Count;
        MayKeepVote = boundary.Decided.Count > 0 && boundary.Decided[^1].Seen.Kind == ObservationKind.Voted;
        IsTakenOver = MayBeBrought = false;
    }

    /// <summary>Whether a story tells of each of these decisions, and of nothing else.</summary>
    public static bool Tells(Story story, IReadOnlyList<DecisionRecord> decided)
    {
        var kept = story.Omitted > 0 ? Story.Beginning : story.Steps.Count;
        var first = 0;
        foreach (var step in story.Steps.Take(kept))
        {
            if (first == decided.Count || decided[first].Seen.Iteration != step.From) return false;
            while (first < decided.Count - 1 && !IsEndOf(step, decided[first]) && IsLike(step, decided[first])) first++;
            if (!IsLike(step, decided[first]) || !IsEndOf(step, decided[first])) return false;
            first++;
        }

        // Of a story that is too long the end is told as whole as the beginning: it is read from there.
        var last = decided.Count;
        foreach (var step in story.Steps.Skip(kept).Reverse())
        {
            if (last == first || !IsLike(step, decided[last - 1]) || !IsEndOf(step, decided[last - 1])) return false;
            last--;
            while (step.From < step.To && last > first && IsLike(step, decided[last - 1]) && decided[last - 1].Seen.Iteration >= step.From) last--;
            if (decided[last].Seen.Iteration != step.From) return false;
        }

        return last - first >= story.Omitted && (story.Omitted > 0 || last == first);
    }

    private static bool IsLike(StoryStep step, DecisionRecord record) =>
        (step.Kind, step.Action, step.Reason, step.Model, step.Node, step.PolicyVersion) == (record.Seen.Kind, record.Decision.Action, record.Decision.Reason, record.Seen.Model, record.By, record.PolicyVersion);

    private static bool IsEndOf(StoryStep step, DecisionRecord record) => step.To == record.Seen.Iteration && step.Passes == record.Seen.Passes && step.Cost == record.Seen.Cost;
}
