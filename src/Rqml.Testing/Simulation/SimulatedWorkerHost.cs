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
            request.Class == SimulatedWork.ClassName ? RefineAsync(request) : supervised.RefineAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) => supervised.CompareAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => supervised.ValidateAsync(request, cancellationToken);

        public ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken) => supervised.VoteAsync(request, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async ValueTask<PassResult> RefineAsync(PassRequest request)
        {
            var work = SimulatedWork.Read(request.Payload.Span);
            var pass = request.Pass;
            judge.ModelCalled(machine.Name, process, pass.Attempt, pass.Iteration);
            if (work.Version != request.ClassVersion) judge.Violated('b', $"{pass.Attempt} was submitted under version {work.Version} of its class, and runs under version {request.ClassVersion} on {machine.Name}");
            var health = machine.Workers;
            await Task.Delay(TimeSpan.FromMilliseconds(health.Slowness * (1 + world.Draw(150))), process.Time, CancellationToken.None);
            if (world.UserCode is { } userCode) await userCode();
            if (health.Hangs > 0 && world.Chance(health.Hangs)) await HangAsync(pass.Attempt);
            if (health.Dies > 0 && world.Chance(health.Dies)) throw Dead(pass.Attempt, "the machine's workers die");
            switch (work.Temper)
            {
                case Temper.Poisonous:
                    throw Dead(pass.Attempt, "the work kills every worker");
                case Temper.Deadly:
                    judge.NodeDied(pass.Attempt);
                    machine.Kill();
                    await new TaskCompletionSource().Task;      // nobody is left to go on
                    break;
                case Temper.Clumsy when world.Chance(0.2):
                    throw new InvalidOperationException("The model stumbled.");
                case Temper.Stubborn when world.Chance(0.05):
                    await HangAsync(pass.Attempt);
                    break;
                case Temper.Calm when world.Chance(machine.Settings.Accidents):
                    throw Dead(pass.Attempt, "an accident that is none of the work's fault");
            }

            var artifact = work.Refine(request.Artifact.Span, pass.Iteration);
            return new PassResult(artifact, double.NaN, pass.Iteration >= work.Iterations ? 1.0 : 0.0, 1);
        }

        private WorkerDiedException Dead(Attempt attempt, string cause)
        {
            judge.WorkerDied(process, attempt);
            return new WorkerDiedException(attempt, cause);
        }

        /// <summary>Far longer than anybody waits for it.</summary>
        private Task HangAsync(Attempt attempt)
        {
            judge.WorkerDied(process, attempt);
            return Task.Delay(TimeSpan.FromMinutes(10), process.Time, CancellationToken.None);
        }
    }
}

/// <summary>How a machine's workers fare, whatever work they run. Immutable.</summary>
/// <param name="Slowness">How many times longer a pass takes than where all is well.</param>
/// <param name="Hangs">How often a pass never ends.</param>
/// <param name="Dies">How often a worker dies in a pass.</param>
internal sealed record WorkerHealth(double Slowness, double Hangs, double Dies)
{
    public static WorkerHealth Sound { get; } = new(1, 0, 0);
}
