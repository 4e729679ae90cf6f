using System.Diagnostics.CodeAnalysis;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Models.Routing;

/// <summary>The class's router as one task sees it: what it chooses is held to the candidates, and what a stint brought is told to it.</summary>
internal readonly struct Router(TaskClassDefinition @class, TaskSpec spec, double difficulty)
{
    // Apart from the seeds of passes, whose numbers begin at 1.
    private const int ChoiceOfModel = 0;

    private readonly IModelRouter _router = @class.Policy.Router;

    /// <summary>Index of the model to go on with.</summary>
    /// <exception cref="PolicyFailedException">The router threw, or named none of them.</exception>
    public int Choose(RefinementSnapshot state, IReadOnlyList<ModelDescriptor> candidates, bool explore)
    {
        if (candidates.Count > 1) return Ask(state, candidates, explore);
        return @class.Models.Count == 1 ? 0 : @class.IndexOf(candidates[0].Name);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The router is a user's: whatever it throws ends the task with an error that names the router.")]
    private int Ask(RefinementSnapshot state, IReadOnlyList<ModelDescriptor> candidates, bool explore)
    {
        string chosen;
        try
        {
            chosen = _router.Choose(new RoutingRequest
            {
                Candidates = candidates,
                Current = state.IsRouted && state.Iteration > 0 ? @class.Models[state.Model] : null,
                Used = [.. @class.Models.Where((_, model) => (state.Used & (1UL << model)) != 0).Select(model => model.Name)],
                Difficulty = difficulty,
                Explore = explore,
                Seed = Seeds.OfPass(spec.Seed, state.Iteration, ChoiceOfModel),
            });
        }
        catch (Exception error)
        {
            throw new PolicyFailedException(spec.Class.Name, _router.GetType(), $"threw {error.GetType().Name}: {error.Message}", error);
        }

        if (chosen is null || !candidates.Any(model => model.Name == chosen)) throw new PolicyFailedException(spec.Class.Name, _router.GetType(), $"chose the model '{chosen}', which is no candidate");
        return @class.IndexOf(chosen);
    }

    /// <summary>A stint is over. Without a score nobody knows what it gained.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "What a router cannot learn is no reason for a task to fail.")]
    public void Learn(RefinementSnapshot state, ModelDescriptor model)
    {
        if (double.IsNaN(state.BestScore) || state.Iteration < state.StintFrom) return;
        var before = double.IsNaN(state.StintScore) ? 0 : state.StintScore;
        try
        {
            var iterations = state.Iteration - state.StintFrom + 1;
            _router.Learn(new StintReport(model, difficulty, Math.Clamp(state.BestScore - before, 0, 1), iterations, Math.Max(0, state.Cost - state.StintCost)));
        }
        catch (Exception)
        {
            // The next choice is asked of it all the same, and fails the task if it fails then.
        }
    }
}
