using System.Diagnostics.CodeAnalysis;
using Rqml.Models;
using Rqml.Refinement;
using Rqml.Supervision.Events;

namespace Rqml.Nodes;

/// <summary>
/// Makes the passes of one iteration. They overlap where their models wait for something; models that compute take turns on the lane's thread, and isolated workers
/// make one pass after the other.
/// </summary>
internal readonly struct IterationPasses(RunContext context, TaskClassDefinition @class, LaneRun run)
{
    /// <summary>Takes a place among the calls of the first pass's model; false where it has as many as it bears.</summary>
    public bool TryEnter(RefinementMachine machine, out CallPermit first) => context.Gates.Of(@class, machine.ModelOf(0)).TryEnter(out first);

    /// <param name="machine">Knows the models, and what each pass is asked.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="lane">Where the passes are made.</param>
    /// <param name="beat">A sign of life.</param>
    /// <param name="first">The place that the first pass has had since before the iteration began.</param>
    /// <exception cref="WorkerDiedException">The worker is gone.</exception>
    public ValueTask<IterationResult> MakeAsync(RefinementMachine machine, Attempt attempt, LaneWorker lane, Action beat, CallPermit first) => machine.PassCount == 1
        ? MakeOneAsync(machine.ModelOf(0), machine.Pass(0, attempt, lane.Lane, beat), lane.Worker, first)
        : MakeSeveralAsync(machine, attempt, lane, beat, first);

    private async ValueTask<IterationResult> MakeOneAsync(ModelDescriptor model, PassRequest request, IWorker worker, CallPermit place)
    {
        var only = await CallAsync(model, request, worker, place);
        return only.Failure is WorkerDiedException death ? throw death : new IterationResult(only.Result, only.Failure, only.Failure is { } failure ? ModelCost.Of(failure, model) : 0);
    }

    private async ValueTask<IterationResult> MakeSeveralAsync(RefinementMachine machine, Attempt attempt, LaneWorker lane, Action beat, CallPermit first)
    {
        var calls = new Task<PassCall>[machine.PassCount];
        for (var pass = 0; pass < calls.Length; pass++)
        {
            calls[pass] = CallAsync(machine.ModelOf(pass), machine.Pass(pass, attempt, lane.Lane, beat), lane.Worker, pass == 0 ? first : null).AsTask();
            if (context.Lanes.Host.IsIsolated) await calls[pass];
        }

        var results = new PassResult?[calls.Length];
        Exception? failure = null;
        var wasted = 0.0;
        for (var pass = 0; pass < calls.Length; pass++)
        {
            var call = await calls[pass];
            results[pass] = call.Result;
            failure ??= call.Failure;
            if (call.Failure is { } failed) wasted += ModelCost.Of(failed, machine.ModelOf(pass));
        }

        if (Array.Find(calls, call => call.Result.Failure is WorkerDiedException) is { } died) throw died.Result.Failure!;
        var made = results.OfType<PassResult>().ToArray();
        if (made.Length == 0) return new IterationResult(results, [], failure ?? new OperationCanceledException(), wasted);
        return made.Length == 1 ? new IterationResult(results, [], null, wasted) : await CompareAsync(results, made, wasted, lane.Worker);
    }

    /// <summary>Each two passes side by side. What cannot be compared is unlike, and whoever wants consistency learns that there is none.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A similarity is a user's: whatever it throws costs the comparison alone.")]
    private async ValueTask<IterationResult> CompareAsync(PassResult?[] results, PassResult[] made, double wasted, IWorker worker)
    {
        try
        {
            var request = new ComparisonRequest(@class.Key.Name, @class.Key.Version, [.. made.Select(pass => pass.Artifact)]);
            return new IterationResult(results, await worker.CompareAsync(request, run.Stopping), null, wasted);
        }
        catch (Exception error) when (error is not WorkerDiedException)
        {
            context.Instruments.PassFailed(@class.Key.Name, "similarity", error);
            return new IterationResult(results, [], null, wasted);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A model is a user's: whatever it throws fails the pass and no more.")]
    private async ValueTask<PassCall> CallAsync(ModelDescriptor model, PassRequest request, IWorker worker, CallPermit? permit)
    {
        var gate = context.Gates.Of(@class, model);
        var startedMs = run.BeatMs;
        try
        {
            permit = permit is { } place ? run.BeginCall(gate, place) : await run.EnterAsync(gate);
            startedMs = run.BeatMs;
            var result = await worker.RefineAsync(request, run.Stopping);
            var tookMs = context.Clock.NowMs - startedMs;
            run.EndCall(gate, permit.Value, tookMs, null);
            context.Instruments.Passed(@class.Key.Name, model.Name, tookMs);
            context.Events.PassTook(EventOrigin.OfIteration(request.Pass.Attempt, @class.Key.Name, request.Pass.Iteration), model.Name, TimeSpan.FromMilliseconds(tookMs));
            return new PassCall(result, null);
        }
        catch (Exception error)
        {
            if (permit is { } taken) run.EndCall(gate, taken, context.Clock.NowMs - startedMs, error);
            if (!run.IsStopped && error is not WorkerDiedException) context.Instruments.PassFailed(@class.Key.Name, model.Name, error);
            return new PassCall(null, error);
        }
    }

    private readonly record struct PassCall(PassResult? Result, Exception? Failure);
}

/// <summary>What came of an iteration's passes: a result of each that did not fail, the similarities of each two of them, and the failure where all have failed.</summary>
internal readonly struct IterationResult
{
    private readonly PassResult? _only;      // most iterations make one pass, and need no array for it
    private readonly PassResult?[]? _several;

    public IterationResult(PassResult? only, Exception? failure, double wasted) => (_only, Alike, Failure, Wasted) = (only, [], failure, wasted);

    public IterationResult(PassResult?[] results, IReadOnlyList<double> alike, Exception? failure, double wasted) => (_several, Alike, Failure, Wasted) = (results, alike, failure, wasted);

    [UnscopedRef]
    public ReadOnlySpan<PassResult?> Results => _several is null ? new ReadOnlySpan<PassResult?>(in _only) : _several;

    public IReadOnlyList<double> Alike { get; }

    public Exception? Failure { get; }

    /// <summary>What the passes that failed cost.</summary>
    public double Wasted { get; }
}
