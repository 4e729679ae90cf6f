using Rqml.Tasks;

namespace Rqml.Refinement;

/// <summary>The most that a task may use. Every iteration begun within it may be finished.</summary>
internal readonly record struct IterationBudget(int Iterations, int Passes, long ElapsedMs, double Cost)
{
    /// <summary>The task's own, and the class's where the task says nothing.</summary>
    public static IterationBudget Of(TaskSpec spec, ClassPolicy policy)
    {
        var iterations = spec.Budget.Iterations ?? policy.MaxIterations;
        return new IterationBudget(
            iterations, spec.Budget.Passes ?? policy.MaxPasses ?? ClassPolicy.PassesAnIteration * policy.RulePasses * iterations,
            (long)(spec.Budget.Time ?? policy.MaxTime).TotalMilliseconds, spec.Budget.Cost ?? policy.MaxCost);
    }

    public int PassesLeft(RefinementSnapshot state) => Passes - state.Passes;

    /// <summary>Whether another iteration may begin.</summary>
    public bool IsLeft(RefinementSnapshot state) => state.Iteration < Iterations && PassesLeft(state) > 0 && state.ElapsedMs < ElapsedMs && state.Cost < Cost;
}
