using Rqml.Models.Routing;

namespace Rqml;

/// <summary>The usual ways of choosing between a class's models, for <c>RouteWith</c>.</summary>
public static class ModelRouting
{
    /// <summary>
    /// The smallest model begins, and a larger one follows when supervision asks for it. It learns nothing, so what a task ends with depends on its seed alone.
    /// This is how a class routes that says nothing.
    /// </summary>
    public static IModelRouter Fixed => TierRouter.Instance;

    /// <summary>
    /// Learns which model gains most for its declared cost, easy, middling and hard tasks apart, and calls that one mostly, others now and then (Thompson
    /// 1933). Needs scores. What it has learnt is shared by the nodes of a host and ends with the process, so that what a task ends with may depend on what
    /// ran before it. Its <see cref="object.ToString"/> tells it in words.
    /// </summary>
    /// <param name="halfLife">Stints after which what was learnt of one counts half. Default 200. Above zero.</param>
    /// <returns>A router that knows nothing yet. One for each class: names of models mean nothing across classes.</returns>
    public static IModelRouter Learnt(double halfLife = 200)
    {
        if (!(halfLife > 0)) throw new ArgumentOutOfRangeException(nameof(halfLife), halfLife, "A half-life is above zero.");
        return new ThompsonRouter(halfLife);
    }
}
