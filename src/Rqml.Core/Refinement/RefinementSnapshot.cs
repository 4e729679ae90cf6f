using Rqml.Nodes;
using Rqml.Supervision;

namespace Rqml.Refinement;

/// <summary>All that resuming a task needs, as of an iteration boundary. Immutable to everybody but the machine that makes it, until it shows it; the content of a checkpoint.</summary>
internal sealed record RefinementSnapshot
{
    /// <summary>Fingerprints of earlier artifacts that are kept.</summary>
    public const int Fingerprints = 64;

    public static RefinementSnapshot Empty { get; } = new();

    /// <summary>Iterations done.</summary>
    public int Iteration { get; init; }

    /// <summary>Index of the model that works next.</summary>
    public int Model { get; init; }

    /// <summary>Whether the router has chosen it.</summary>
    public bool IsRouted { get; init; }

    /// <summary>The highest tier that has worked.</summary>
    public int Tier { get; init; }

    public ReadOnlyMemory<byte> Artifact { get; init; }

    public bool HasArtifact { get; init; }

    /// <summary>Index of the model that made it.</summary>
    public int Maker { get; init; }

    public double Score { get; init; } = double.NaN;

    /// <summary>The best artifact so far: never lost, whatever later iterations make.</summary>
    public ReadOnlyMemory<byte> Best { get; init; }

    public double BestScore { get; init; } = double.NaN;

    public int BestIteration { get; init; }

    /// <summary>Index of the model that made the best artifact.</summary>
    public int BestMaker { get; init; }

    /// <summary>Of successive artifacts of the current model, oldest first, as many as the rules look at.</summary>
    public IReadOnlyList<double> Similarities { get; init; } = [];

    /// <summary>For each rule of the class, iterations in a row for which it has held.</summary>
    public IReadOnlyList<int> Held { get; set; } = [];

    /// <summary>The artifacts that novelty compares with, oldest first; none where no rule does.</summary>
    public IReadOnlyList<RecentArtifact> Recent { get; init; } = [];

    /// <summary>Fingerprints of the last artifacts, one an iteration, oldest first.</summary>
    public IReadOnlyList<ulong> Seen { get; init; } = [];

    /// <summary>Novelty of the newest artifact; NaN where no rule asks for it, or nothing came before.</summary>
    public double Novelty { get; init; } = double.NaN;

    /// <summary>First iteration of the current stint: since a model or a way of working took over.</summary>
    public int StintFrom { get; init; } = 1;

    /// <summary>The best score when the stint began.</summary>
    public double StintScore { get; init; } = double.NaN;

    /// <summary>Cost when the stint began.</summary>
    public double StintCost { get; init; }

    /// <summary>The last iteration that improved the best score by what counts as progress, and to what.</summary>
    public int ImprovedAt { get; init; }

    public double ImprovedTo { get; init; } = double.NaN;

    /// <summary>Scores in a row that were below the best by more than is tolerated.</summary>
    public int TimesBelow { get; init; }

    /// <summary>Times in a row that this iteration failed, but for those in which a model had too many calls.</summary>
    public int Failures { get; init; }

    /// <summary>Times that this iteration was put off as a model had too many calls.</summary>
    public int Overloads { get; init; }

    /// <summary>Times that this iteration was tried in vain.</summary>
    public int Tries => Failures + Overloads;

    public int Rejections { get; init; }

    /// <summary>What the validators said when they last refused.</summary>
    public string? Refusal { get; init; }

    /// <summary>The iteration that made the best artifact that was refused last; 0 where none was.</summary>
    public int RefusedAt { get; init; }

    /// <summary>Rungs of the ladder that have been climbed.</summary>
    public int Rung { get; init; }

    /// <summary>Whether progress may still lead back from the rung that was climbed last.</summary>
    public bool MayStepBack { get; init; }

    /// <summary>Passes an iteration that the ladder asks for; the rules may ask for more.</summary>
    public int Diversity { get; init; } = 1;

    /// <summary>Whether the router is to look for what it knows least.</summary>
    public bool Explores { get; init; }

    /// <summary>A bit for each model of the class that has worked on the task.</summary>
    public ulong Used { get; init; }

    /// <summary>Number of the vote that is on, from 1; 0 while none is.</summary>
    public int Vote { get; init; }

    /// <summary>Votes that have been called.</summary>
    public int Votes { get; init; }

    /// <summary>Model calls made, failed ones and ballots included.</summary>
    public int Passes { get; init; }

    public long ElapsedMs { get; init; }

    public double Cost { get; init; }

    /// <summary>What has happened, for whoever asks.</summary>
    public Story Story { get; set; } = Story.Empty;

    /// <summary>Decisions since the snapshot that was persisted last.</summary>
    public DecisionChain Decisions { get; set; } = DecisionChain.None;

    /// <summary>After an iteration that made this. Without any score the newest artifact is the best; of equal scores the newer one.</summary>
    public RefinementSnapshot After(in PassResult pass, ClassPolicy policy, int tier, int maker = 0, PassCharge charge = default)
    {
        var isBest = double.IsNaN(BestScore) || pass.Score >= BestScore;
        var best = isBest ? pass.Score : BestScore;
        var isProgress = !double.IsNaN(best) && (double.IsNaN(ImprovedTo) || best >= ImprovedTo + policy.Monitor.Improvement);
        var print = RecentArtifact.FingerprintOf(pass.Artifact.Span);
        return this with
        {
            Iteration = Iteration + 1,
            IsRouted = true,
            Passes = Passes + charge.Passes,
            Cost = Cost + charge.Cost,
            Used = Used | charge.Used,
            ElapsedMs = ElapsedMs + charge.ElapsedMs,
            Tier = Math.Max(Tier, tier),
            Artifact = pass.Artifact,
            HasArtifact = true,
            Maker = maker,
            BestMaker = isBest ? maker : BestMaker,
            Score = pass.Score,
            Best = isBest ? pass.Artifact : Best,
            BestScore = best,
            BestIteration = isBest ? Iteration + 1 : BestIteration,
            ImprovedAt = isProgress ? Iteration + 1 : ImprovedAt,
            ImprovedTo = isProgress ? best : ImprovedTo,
            TimesBelow = pass.Score < best - policy.Monitor.Tolerance ? TimesBelow + 1 : 0,
            Similarities = double.IsNaN(pass.Similarity) ? Similarities : Newest(Similarities, pass.Similarity, policy.SimilarityWindow),
            Novelty = policy.NoveltyWindow == 0 ? double.NaN : Seen.Contains(print) ? 0 : pass.Novelty,
            Recent = policy.NoveltyWindow == 0 ? [] : Newest(Recent, new RecentArtifact(pass.Artifact), policy.NoveltyWindow),
            Seen = Newest(Seen, print, Fingerprints),
            Failures = 0,
            Overloads = 0,
        };
    }

    /// <summary>After an iteration all of whose passes failed.</summary>
    public RefinementSnapshot Failed(PassCharge charge, bool isOverloaded) => this with
    {
        IsRouted = true,
        Failures = isOverloaded ? Failures : Failures + 1,
        Overloads = isOverloaded ? Overloads + 1 : Overloads,
        Passes = Passes + charge.Passes,
        Cost = Cost + charge.Cost,
        Used = Used | charge.Used,
        ElapsedMs = ElapsedMs + charge.ElapsedMs,
    };

    /// <summary>A checkpoint may name a model that its class has no longer: then the last one takes its place.</summary>
    public RefinementSnapshot HeldTo(int models)
    {
        if (Model < models && Maker < models && BestMaker < models) return this;
        return this with { Model = Math.Min(Model, models - 1), Maker = Math.Min(Maker, models - 1), BestMaker = Math.Min(BestMaker, models - 1) };
    }

    /// <summary>Goes on from the best artifact with this model, with a history of its own.</summary>
    public RefinementSnapshot InNewStint(int model) => this with
    {
        Model = model,
        IsRouted = true,
        Artifact = HasArtifact ? Best : default,
        Maker = BestMaker,
        Score = BestScore,
        Similarities = [],
        Held = [],
        StintFrom = Iteration + 1,
        StintScore = BestScore,
        StintCost = Cost,
        TimesBelow = 0,
        Failures = 0,
        Overloads = 0,
        Rejections = 0,
        MayStepBack = true,
    };

    /// <summary>The loop may have settled on less than the best that it came by: that is what is accepted then, unless it was refused before.</summary>
    public RefinementSnapshot Offering() => BestScore > Score && BestIteration != RefusedAt ? this with { Artifact = Best, Maker = BestMaker, Score = BestScore } : this;

    /// <summary>The artifact was refused.</summary>
    public RefinementSnapshot Refused(string? reason) => this with
    {
        Rejections = Rejections + 1,
        Refusal = reason,
        RefusedAt = Artifact.Span.SequenceEqual(Best.Span) ? BestIteration : RefusedAt,
    };

    /// <summary>A whole window of progress leads back from the rung that was climbed last, once.</summary>
    public RefinementSnapshot SteppedBack(ConvergenceMonitor monitor)
    {
        if (!MayStepBack || Rung == 0 || Iteration - StintFrom + 1 < monitor.StallAfter || ImprovedAt < StintFrom) return this;
        return this with { MayStepBack = false, Rung = Rung - 1, Explores = Diversity > 1 && Explores, Diversity = 1 };
    }

    private static T[] Newest<T>(IReadOnlyList<T> list, T next, int window)
    {
        if (window == 0) return [];
        var kept = Math.Min(list.Count, window - 1);
        var newest = new T[kept + 1];
        for (var place = 0; place < kept; place++) newest[place] = list[list.Count - kept + place];
        newest[kept] = next;
        return newest;
    }
}

/// <summary>What the passes of one iteration used.</summary>
/// <param name="Passes">Model calls.</param>
/// <param name="Cost">What they cost.</param>
/// <param name="Used">A bit for each model that made one.</param>
/// <param name="ElapsedMs">Time on a worker.</param>
internal readonly record struct PassCharge(int Passes, double Cost, ulong Used, long ElapsedMs);
