using Rqml.Models;
using Rqml.Nodes;
using Rqml.Supervision;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>Workers of one simulated process: passes take virtual time, fail, hang, kill their worker and kill their node as the work says.</summary>
internal sealed class SimulatedWorkerHost(World world, SimulatedProcess process, Judge judge, SimulatedMachine machine, TaskClassRegistry classes) : IWorkerHost
{
    public bool IsIsolated => false;

    public ValueTask<IWorker> StartAsync(DeviceLane lane, CancellationToken cancellationToken) =>
        new(new Worker(world, process, judge, machine, new SupervisedWorker(world, process, judge, machine, classes)));

    /// <summary>Runs simulated work itself, and leaves supervised classes to their own code.</summary>
    private sealed class Worker(World world, SimulatedProcess process, Judge judge, SimulatedMachine machine, SupervisedWorker supervised) : IWorker
    {
        public ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken) =>
            request.Class == SimulatedWork.Class.Name ? RefineAsync(request) : supervised.RefineAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) => supervised.CompareAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => supervised.ValidateAsync(request, cancellationToken);

        public ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken) => supervised.VoteAsync(request, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async ValueTask<PassResult> RefineAsync(PassRequest request)
        {
            var work = SimulatedWork.Read(request.Payload.Span);
            var pass = request.Pass;
            judge.ModelCalled(machine.Name, process, pass.Attempt, pass.Iteration);
            await Task.Delay(TimeSpan.FromMilliseconds(1 + world.Draw(150)), process.Time, CancellationToken.None);
            if (world.UserCode is { } userCode) await userCode();
            switch (work.Temper)
            {
                case Temper.Poisonous:
                    judge.WorkerDied(process, pass.Attempt);
                    throw new WorkerDiedException(pass.Attempt, "the work kills every worker");
                case Temper.Deadly:
                    judge.NodeDied(pass.Attempt);
                    machine.Kill();
                    await new TaskCompletionSource().Task;      // nobody is left to go on
                    break;
                case Temper.Clumsy when world.Chance(0.2):
                    throw new InvalidOperationException("The model stumbled.");
                case Temper.Stubborn when world.Chance(0.05):
                    judge.WorkerDied(process, pass.Attempt);
                    await Task.Delay(TimeSpan.FromMinutes(10), process.Time, CancellationToken.None);
                    break;
                case Temper.Calm when world.Chance(machine.Settings.Accidents):
                    judge.WorkerDied(process, pass.Attempt);
                    throw new WorkerDiedException(pass.Attempt, "an accident that is none of the work's fault");
            }

            var artifact = work.Refine(request.Artifact.Span, pass.Iteration);
            return new PassResult(artifact, double.NaN, pass.Iteration >= work.Iterations ? 1.0 : 0.0, 1);
        }
    }
}
