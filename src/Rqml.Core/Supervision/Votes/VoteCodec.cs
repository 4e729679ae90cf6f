using Google.Protobuf;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;

namespace Rqml.Supervision.Votes;

/// <summary>What is said about votes, to protobuf records and back. Reading refuses what nobody of ours would say.</summary>
internal static class VoteCodec
{
    private const int MaxName = 1_024;
    private static readonly long MaxDeadlineMs = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    public static VoteCallBody Write(VoteCall call)
    {
        var body = new VoteCallBody
        {
            Submission = Records.Write(call.Spec),
            Artifact = UnsafeByteOperations.UnsafeWrap(call.Artifact),
            DeadlineMs = call.DeadlineMs,
            IsWeighted = call.IsWeighted,
        };
        body.Models.AddRange(call.Models.Select(Write));
        return body;
    }

    public static VoteCall Read(VoteCallBody body)
    {
        if (body.Models.Count is < 1 or > PassPlan.MaxPasses) throw new RecordDamagedException($"A vote has {body.Models.Count} voters; it takes 1 to {PassPlan.MaxPasses}.");
        return new VoteCall(Records.Read(body.Submission), body.Artifact.Memory, [.. body.Models.Select(Read)], ReadDeadline(body.DeadlineMs), body.IsWeighted);
    }

    public static BallotCallBody Write(BallotCall call) => new()
    {
        Submission = Records.Write(call.Spec),
        Artifact = UnsafeByteOperations.UnsafeWrap(call.Artifact),
        Model = Write(call.Model),
        Voter = call.Voter,
        DeadlineMs = call.DeadlineMs,
    };

    public static BallotCall Read(BallotCallBody body) => new(
        Records.Read(body.Submission), body.Artifact.Memory, Read(body.Model), Check.InRange(body.Voter, 0, PassPlan.MaxPasses - 1, "The place of a voter"), ReadDeadline(body.DeadlineMs));

    public static BallotBody Write(BallotCast cast)
    {
        var body = new BallotBody { Voter = cast.Voter, Judgement = (int)cast.Ballot.Judgement, Cost = cast.Ballot.Cost };
        if (cast.Ballot.Reason is { } reason) body.Reason = reason;
        return body;
    }

    public static BallotCast Read(BallotBody body) => new(
        Check.InRange(body.Voter, 0, PassPlan.MaxPasses - 1, "The place of a voter"),
        new Ballot(
            SupervisionRecords.Defined((Judgement)body.Judgement, "a judgement"), body.HasReason ? Check.Length(body.Reason, 0, AttemptRun.LongestReason, "A ballot's reason") : null,
            Check.InRange(body.Cost, 0, double.MaxValue, "A ballot's cost")));

    public static VoteResultBody Write(VoteResult result)
    {
        var body = new VoteResultBody { Number = result.Number, Tally = SupervisionRecords.Write(result.Tally) };
        body.Opinions.AddRange(result.Opinions.Select(SupervisionRecords.Write));
        return body;
    }

    public static VoteResult Read(VoteResultBody body) => new(
        Check.InRange(body.Number, 1, int.MaxValue, "The number of a vote"), SupervisionRecords.ReadTally(body.Tally) ?? throw new RecordDamagedException("A vote's tally is missing."),
        SupervisionRecords.Read(body.Opinions));

    private static VoterModelBody Write(VoterModel model) => new() { Name = model.Name, Device = model.Device };

    private static VoterModel Read(VoterModelBody? body) => body is null
        ? throw new RecordDamagedException("A voter's model is missing.")
        : new VoterModel(Check.Length(body.Name, 1, MaxName, "The name of a model"), Check.Length(body.Device, 1, 64, "The name of a device kind"));

    private static long ReadDeadline(long deadlineMs) => Check.InRange(deadlineMs, 1, MaxDeadlineMs, "The deadline of a vote in milliseconds");
}
