using Rqml.Models;
using Rqml.Nodes;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// A worker that runs supervised classes by their own code. It dies and hangs now and then, its voters lie, and the judge sees at this border what models, validators
/// and voters really said.
/// </summary>
internal sealed class SupervisedWorker(World world, SimulatedProcess process, Judge judge, SimulatedMachine machine, TaskClassRegistry classes) : IWorker
{
    private static readonly TimeSpan Forever = TimeSpan.FromMinutes(10);
    private bool _isLost;

    public async ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken)
    {
        var pass = request.Pass;
        if (!_isLost) judge.ModelCalled(machine.Name, process, pass.Attempt, pass.Iteration);      // else it is another pass of the run that was lost
        judge.Supervision.PassBegan(process, this, request, Definition(request.Class, request.ClassVersion));
        try
        {
            switch (world.Draw(500))
            {
                case 0 or 1:
                    await Task.Delay(TimeSpan.FromMilliseconds(1 + world.Draw(60)), process.Time, CancellationToken.None);
                    Lose(pass.Attempt);
                    throw new WorkerDiedException(pass.Attempt, "the model took its worker with it");
                case 2:
                    Lose(pass.Attempt);
                    await Task.Delay(Forever, process.Time, CancellationToken.None);
                    break;
            }

            var result = await Definition(request.Class, request.ClassVersion).RefineAsync(request, cancellationToken);
            judge.Supervision.PassMade(process, this, pass, result, null);
            return result;
        }
        catch (Exception error) when (error is not WorkerDiedException)
        {
            judge.Supervision.PassMade(process, this, pass, null, (error as ModelFailedException)?.Cost);
            throw;
        }
    }

    public ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) =>
        Definition(request.Class, request.ClassVersion).CompareAsync(request, cancellationToken);

    public async ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken)
    {
        var definition = Definition(request.Class, request.ClassVersion);
        var verdicts = await definition.ValidateAsync(request, cancellationToken);
        judge.Supervision.Validated(process, definition, request, verdicts);
        if (machine.Settings.Mutant != Mutant.VetoIgnored) return verdicts;
        return [.. verdicts.Select((verdict, place) => definition.Policy.Validators[place].Reliability < 1 ? verdict : Validation.Accept with { Cost = verdict.Cost })];
    }

    /// <summary>A voter that lies says the opposite of what it made of the artifact. Whether it lies is up to its node.</summary>
    public async ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken)
    {
        judge.Supervision.Votes.VoterAsked(process, request);
        switch (world.Draw(40))
        {
            case 0:
                throw new WorkerDiedException(request.Pass.Attempt, "the voter took its worker with it");
            case 1:
                await Task.Delay(Forever, process.Time, CancellationToken.None);
                break;
            case > 1 and < 16:
                await Task.Delay(TimeSpan.FromMilliseconds(world.Draw(2_500)), process.Time, CancellationToken.None);
                break;
        }

        var ballot = await Definition(request.Class, request.ClassVersion).VoteAsync(request, cancellationToken);
        if (world.Chance(0.2)) ballot = ballot with { Judgement = ballot.Judgement == Judgement.Accept ? Judgement.Reject : Judgement.Accept };
        if (ballot.Judgement == Judgement.Accept && world.Chance(0.1)) ballot = new Ballot(Judgement.Abstain, "it cannot tell", ballot.Cost);
        judge.Supervision.Votes.VoterSpoke(request, ballot);
        return ballot;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A worker is lost once, however many of its passes take part in it.</summary>
    private void Lose(Attempt attempt)
    {
        if (!_isLost) judge.WorkerDied(process, attempt);
        _isLost = true;
    }

    private TaskClassDefinition Definition(string name, int version) => classes.Get(name, version);
}
