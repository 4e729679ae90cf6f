using Rqml.Supervision;

namespace Rqml.Protocol;

/// <summary>What supervision saw and decided, to protobuf records and back.</summary>
internal static class SupervisionRecords
{
    private const int MaxReason = 8_192;
    private const int MaxName = 1_024;
    private const int MaxOpinions = 256;
    private static readonly NodeId Unsaid = new("unsaid");      // in records of an earlier layout

    public static StoryRecord Write(Story story)
    {
        var record = new StoryRecord { Omitted = story.Omitted };
        record.Steps.AddRange(story.Steps.Select(Write));
        return record;
    }

    public static Story Read(StoryRecord? record)
    {
        if (record is null) return Story.Empty;
        if (record.Steps.Count > Story.Longest) throw new RecordDamagedException($"A story has {record.Steps.Count} steps; it takes at most {Story.Longest}.");
        return new Story([.. record.Steps.Select(Read)], Check.NotNegative(record.Omitted, "A count of steps"));
    }

    public static ConcernRecord? Write(Concern? concern) =>
        concern is { } found ? new ConcernRecord { Kind = (int)found.Kind, From = found.From, To = found.To, Value = found.Value } : null;

    public static Concern? Read(ConcernRecord? record) => record is null ? null : new Concern(
        Defined((ConcernKind)record.Kind, "a concern"), Check.NotNegative(record.From, "An iteration"), Check.NotNegative(record.To, "An iteration"), Finite(record.Value, "A concern's value"));

    public static TallyRecord? Write(VoteTally? tally) => tally is { } counted
        ? new TallyRecord { Verdict = (int)counted.Verdict, Voters = counted.Voters, Accepts = counted.Accepts, Rejects = counted.Rejects, Weight = counted.Weight, Cost = counted.Cost }
        : null;

    public static VoteTally? ReadTally(TallyRecord? record) => record is null ? null : new VoteTally(
        Defined((VoteVerdict)record.Verdict, "a verdict of a vote"), Check.NotNegative(record.Voters, "A count of voters"), Check.NotNegative(record.Accepts, "A count of ballots"),
        Check.NotNegative(record.Rejects, "A count of ballots"), Finite(record.Weight, "A vote's weight"), Check.NotNegative(Finite(record.Cost, "A vote's cost"), "A vote's cost"));

    public static OpinionRecord Write(Opinion opinion)
    {
        var record = new OpinionRecord { By = opinion.By, Node = opinion.Node?.Value ?? "", Judgement = (int)opinion.Judgement, Confidence = opinion.Confidence };
        if (opinion.Reason is { } reason) record.Reason = reason;
        return record;
    }

    public static Opinion[] Read(IReadOnlyCollection<OpinionRecord> records)
    {
        if (records.Count > MaxOpinions) throw new RecordDamagedException($"There are {records.Count} opinions; at most {MaxOpinions} are taken.");
        return [.. records.Select(Read)];
    }

    private static Opinion Read(OpinionRecord record) => new(Check.Length(record.By, 1, MaxName, "The name of a judge"), Defined((Judgement)record.Judgement, "a judgement"))
    {
        Node = record.Node.Length == 0 ? null : Records.ReadNode(record.Node),
        Confidence = Check.Share(record.Confidence, "A confidence"),
        Reason = record.HasReason ? Check.Length(record.Reason, 0, Opinion.LongestReason, "The reason of an opinion") : null,
    };

    public static Decision Write(DecisionRecord record)
    {
        var seen = record.Seen;
        var decision = new Decision
        {
            Kind = (int)seen.Kind,
            Iteration = seen.Iteration,
            Converged = seen.Converged,
            Failures = seen.Failures,
            Rejections = seen.Rejections,
            Tier = seen.Tier,
            BudgetLeft = seen.BudgetLeft,
            Decision_ = (int)record.Decision.Action,
            PolicyVersion = record.PolicyVersion,
            Model = seen.Model,
            Reason = record.Decision.Reason,
            By = record.By.Value,
            Concern = Write(seen.Concern),
            Vote = Write(seen.Vote),
            HasLargerModel = seen.HasLargerModel,
            HasOtherModel = seen.HasOtherModel,
            CanVote = seen.CanVote,
            Rung = seen.Rung,
            Passes = seen.Passes,
            Cost = seen.Cost,
            ElapsedMs = seen.ElapsedMs,
            IsOverloaded = seen.IsOverloaded,
        };
        if (!double.IsNaN(seen.Score)) decision.Score = seen.Score;
        if (!double.IsNaN(seen.BestScore)) decision.BestScore = seen.BestScore;
        if (!double.IsNaN(seen.AcceptAt)) decision.AcceptAt = seen.AcceptAt;
        if (!double.IsNaN(seen.Disagreement)) decision.Disagreement = seen.Disagreement;
        if (seen.Refusal is { } refusal) decision.Refusal = refusal;
        if (seen.NextModel is { } next) decision.NextModel = next;
        if (seen.Maker is { } maker) decision.Maker = maker;
        if (record.Decision.Model is { } model) decision.ToModel = model;
        if (record.Decision.Rung is { } rung) decision.ToRung = rung;
        decision.Evidence.AddRange(seen.Evidence.Select(Write));
        decision.Opinions.AddRange(seen.Opinions.Select(Write));
        return decision;
    }

    public static DecisionRecord Read(Decision record) => new(
        new Observation
        {
            Kind = (ObservationKind)record.Kind,
            Iteration = record.Iteration,
            Model = record.Model,
            Tier = record.Tier,
            Maker = record.HasMaker ? record.Maker : null,
            Score = record.HasScore ? record.Score : double.NaN,
            BestScore = record.HasBestScore ? record.BestScore : double.NaN,
            AcceptAt = record.HasAcceptAt ? record.AcceptAt : double.NaN,
            Converged = record.Converged,
            Evidence = [.. record.Evidence.Select(Read)],
            Concern = Read(record.Concern),
            Failures = record.Failures,
            Rejections = record.Rejections,
            Refusal = record.HasRefusal ? record.Refusal : null,
            Disagreement = record.HasDisagreement ? record.Disagreement : double.NaN,
            Vote = ReadTally(record.Vote),
            Opinions = Read(record.Opinions),
            IsOverloaded = record.IsOverloaded,
            NextModel = record.HasNextModel ? record.NextModel : null,
            HasLargerModel = record.HasLargerModel,
            HasOtherModel = record.HasOtherModel,
            CanVote = record.CanVote,
            Rung = record.Rung,
            Passes = record.Passes,
            Cost = record.Cost,
            ElapsedMs = record.ElapsedMs,
            BudgetLeft = record.BudgetLeft,
        },
        new SupervisionDecision((SupervisionAction)record.Decision_, record.Reason)
        {
            Model = record.HasToModel ? record.ToModel : null,
            Rung = record.HasToRung ? record.ToRung : null,
        },
        record.PolicyVersion, NodeId.IsValid(record.By) ? new NodeId(record.By) : Unsaid);

    private static StoryStepRecord Write(StoryStep step)
    {
        var record = new StoryStepRecord
        {
            From = step.From,
            To = step.To,
            Model = step.Model,
            Node = step.Node.Value,
            Kind = (int)step.Kind,
            Concern = Write(step.Concern),
            Action = (int)step.Action,
            Reason = step.Reason,
            PolicyVersion = step.PolicyVersion,
            Vote = Write(step.Vote),
            Passes = step.Passes,
            Cost = step.Cost,
        };
        if (step.Score is { } score) record.Score = score;
        if (step.BestScore is { } best) record.BestScore = best;
        if (step.Maker is { } maker) record.Maker = maker;
        record.Opinions.AddRange(step.Opinions.Select(Write));
        return record;
    }

    private static StoryStep Read(StoryStepRecord record) => new()
    {
        From = Check.NotNegative(record.From, "An iteration"),
        To = Check.NotNegative(record.To, "An iteration"),
        Model = record.Model,
        Node = Records.ReadNode(record.Node),
        Kind = Defined((ObservationKind)record.Kind, "an observation"),
        Maker = record.HasMaker ? record.Maker : null,
        Opinions = Read(record.Opinions),
        Score = record.HasScore ? Check.Share(record.Score, "A score") : null,
        BestScore = record.HasBestScore ? Check.Share(record.BestScore, "A score") : null,
        Concern = Read(record.Concern),
        Action = Defined((SupervisionAction)record.Action, "an action"),
        Reason = Check.Length(record.Reason, 0, MaxReason, "A reason"),
        PolicyVersion = record.PolicyVersion,
        Vote = ReadTally(record.Vote),
        Passes = Check.NotNegative(record.Passes, "A count of passes"),
        Cost = Check.NotNegative(Finite(record.Cost, "A cost"), "A cost"),
    };

    private static Evidence Write(ConvergenceEvidence evidence)
    {
        var record = new Evidence { Rule = evidence.Rule, Threshold = evidence.Threshold, HeldFor = evidence.HeldFor, Patience = evidence.Patience };
        if (!double.IsNaN(evidence.Value)) record.Value = evidence.Value;
        return record;
    }

    private static ConvergenceEvidence Read(Evidence record) =>
        new(record.Rule, record.HasValue ? record.Value : double.NaN, record.Threshold, record.HeldFor, record.Patience);

    internal static TEnum Defined<TEnum>(TEnum value, string what)
        where TEnum : struct, Enum => Enum.IsDefined(value) ? value : throw new RecordDamagedException($"There is no such thing as {what} {value}.");

    private static double Finite(double value, string what) => double.IsFinite(value) ? value : throw new RecordDamagedException($"{what} is {value}; it has to be finite.");
}
