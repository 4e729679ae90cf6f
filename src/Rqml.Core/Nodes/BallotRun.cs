using System.Diagnostics.CodeAnalysis;
using Rqml.Diagnostics;
using Rqml.Models;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Nodes;

/// <summary>One voter at work on a lane. A voter that throws, hangs or is told to stop abstains.</summary>
internal sealed class BallotRun(RunContext context, BallotJob job, TaskClassDefinition @class)
    : LaneRun(context, job.Attempt, Shorter(@class.Policy.BeatTimeout, job.Call.DeadlineMs))
{
    private readonly ModelDescriptor? _model = @class.IndexOf(job.Call.Model.Name) is >= 0 and var index ? @class.Models[index] : null;

    protected override string Device => job.Call.Model.Device;

    public override void ReportDeath() => Context.Ended(NodeEvent.Voted(job, Abstain("its worker died")));

    [SuppressMessage("Design", "CA1031", Justification = "A voter is a user's: whatever it throws is an abstention.")]
    protected override async ValueTask<NodeEvent> WorkAsync(LaneWorker worker)
    {
        using var span = Spans.Vote(job, Context.Node);
        if (_model is null) return NodeEvent.Voted(job, Abstain($"this node has no model '{job.Call.Model.Name}'"));
        var spec = job.Call.Spec;

        // Iteration 0 is no iteration of the task's, so its seeds are a ballot's own; each vote and voter draws apart.
        var seed = Seeds.OfPass(spec.Seed, -job.Number, job.Call.Voter + 1);
        var pass = new PassInfo(job.Attempt, _model.Name, 0, job.Call.Voter + 1, seed, worker.Lane);
        var gate = Context.Gates.Of(@class, _model);
        CallPermit? permit = null;
        var startedMs = Context.Clock.NowMs;
        try
        {
            permit = await EnterAsync(gate);
            startedMs = Context.Clock.NowMs;
            GiveTime(@class.Policy.ValidatorTimeout * @class.Policy.Validators.Count(validator => validator.Reliability >= 1));      // those with the last word are asked first, and cannot beat
            var ballot = await worker.Worker.VoteAsync(new BallotRequest(spec.Class.Name, spec.Class.Version, pass, spec.Payload, job.Call.Artifact, Beat), Stopping);
            EndCall(gate, permit.Value, Context.Clock.NowMs - startedMs, null);
            permit = null;
            span?.SetTag("rqml.judgement", ballot.Judgement.ToString());
            return NodeEvent.Voted(job, double.IsNaN(ballot.Cost) ? ballot with { Cost = _model.Cost } : ballot);
        }
        catch (Exception error)
        {
            span?.Failed(error);
            if (permit is { } taken) EndCall(gate, taken, Context.Clock.NowMs - startedMs, error);
            if (error is WorkerDiedException) throw;
            if (!IsStopped) Context.Instruments.PassFailed(spec.Class.Name, _model.Name, error);
            return Failed(error);
        }
    }

    protected override NodeEvent Failed(Exception error)
    {
        var ballot = Abstain($"{error.GetType().Name}: {error.Message}");
        return NodeEvent.Voted(job, _model is null ? ballot : ballot with { Cost = ModelCost.Of(error, _model) });
    }

    private Ballot Abstain(string reason) => new(Judgement.Abstain, reason.Length <= AttemptRun.LongestReason ? reason : reason[..AttemptRun.LongestReason], _model?.Cost ?? 0);

    private static TimeSpan Shorter(TimeSpan beat, long deadlineMs) => TimeSpan.FromMilliseconds(Math.Min(beat.TotalMilliseconds, Math.Max(1, deadlineMs)));
}
