using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>Workers of one simulated process: passes take virtual time, fail, hang and kill their worker as the work says.</summary>
internal sealed class SimulatedWorkerHost(World world, SimulatedProcess process, Judge judge, string machine) : IWorkerHost
{
    public bool IsIsolated => false;

    public ValueTask<IWorker> StartAsync(CancellationToken cancellationToken) => new(new Worker(this, world, process, judge, machine));

    private sealed class Worker(SimulatedWorkerHost host, World world, SimulatedProcess process, Judge judge, string machine) : IWorker
    {
        public async ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken)
        {
            var work = SimulatedWork.Read(request.Payload.Span);
            var pass = request.Pass;
            judge.ModelCalled(machine, process, pass.Attempt, pass.Iteration);
            await Task.Delay(TimeSpan.FromMilliseconds(1 + world.Draw(150)), process.Time, CancellationToken.None);
            switch (work.Temper)
            {
                case Temper.Poisonous:
                    judge.WorkerDied(pass.Attempt);
                    throw new WorkerDiedException(pass.Attempt, "the work kills every worker");
                case Temper.Clumsy when world.Chance(0.2):
                    throw new InvalidOperationException("The model stumbled.");
                case Temper.Stubborn when world.Chance(0.05):
                    judge.WorkerHung(pass.Attempt);
                    await Task.Delay(TimeSpan.FromMinutes(10), process.Time, CancellationToken.None);
                    break;
                case Temper.Calm when world.Chance(host.Accidents):
                    judge.WorkerDied(pass.Attempt);
                    throw new WorkerDiedException(pass.Attempt, "an accident that is none of the work's fault");
            }

            var artifact = work.Refine(request.Artifact.Span, pass.Iteration);
            return new PassResult(artifact, double.NaN, pass.Iteration >= work.Iterations ? 1.0 : 0.0, 1);
        }

        public ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => new(Validation.Accept);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>How often a worker dies without the work's fault.</summary>
    public double Accidents { get; init; }
}
