using Rqml.Models;
using Rqml.Refinement;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>What a task may use, by what the application said of it and of its class. Immutable.</summary>
internal sealed class Allowance(TaskBudget budget, TaskClassDefinition @class)
{
    public TaskClassDefinition Class { get; } = @class;

    public int Iterations { get; } = budget.Iterations ?? @class.Policy.MaxIterations;

    public int Passes { get; } = budget.Passes ?? @class.Policy.MaxPasses ?? ClassPolicy.PassesAnIteration * @class.Policy.RulePasses * (budget.Iterations ?? @class.Policy.MaxIterations);

    public double Cost { get; } = budget.Cost ?? @class.Policy.MaxCost;

    public double TimeMs { get; } = (budget.Time ?? @class.Policy.MaxTime).TotalMilliseconds;

    /// <summary>The most that an iteration, or a vote, may cost, with what follows for validators: begun within the budget, it may be ended.</summary>
    public double LargestStep { get; } = Math.Max(@class.Policy.Vote?.Voters ?? 1, Math.Max(@class.Policy.DiversePasses, @class.Policy.RulePasses)) * (@class.Models.Max(model => model.Cost) + 1) + 1;

    /// <summary>Whether another iteration may begin.</summary>
    public bool IsLeft(Boundary at, long elapsedMs) => at.Iteration < Iterations && at.Passes < Passes && at.Cost < Cost && elapsedMs < TimeMs;

    public override string ToString() => FormattableString.Invariant($"{Iterations} iterations, {Passes} passes, cost {Cost}, {TimeMs} ms");
}
