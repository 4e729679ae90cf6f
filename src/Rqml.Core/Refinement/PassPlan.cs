namespace Rqml.Refinement;

/// <summary>Which models make the passes of one iteration. Pure.</summary>
internal static class PassPlan
{
    /// <summary>Passes of one iteration at most.</summary>
    public const int MaxPasses = 16;

    /// <summary>The plans of one pass, which most iterations are.</summary>
    private static readonly int[][] Single = [.. Enumerable.Range(0, 16).Select(model => new[] { model })];

    /// <summary>
    /// The current model first, then the others that need the same kind of lane, one of each family before a second of any; then the same again, with other seeds.
    /// </summary>
    /// <param name="models">The class's models, in the order of tiers.</param>
    /// <param name="current">Index of the current one.</param>
    /// <param name="count">Passes to make.</param>
    /// <param name="anyTier">Whether models larger than the current one may take part.</param>
    public static int[] Choose(IReadOnlyList<ModelDescriptor> models, int current, int count, bool anyTier)
    {
        if (count > 1) return ChooseSeveral(models, current, count, anyTier);
        return current < Single.Length ? Single[current] : [current];
    }

    private static int[] ChooseSeveral(IReadOnlyList<ModelDescriptor> models, int current, int count, bool anyTier)
    {
        var device = models[current].Device;
        var order = Enumerable.Range(0, models.Count)
            .Where(model => models[model].Device == device && (anyTier || models[model].Tier <= models[current].Tier))
            .OrderByDescending(model => model == current)
            .ThenByDescending(model => models[model].Tier)
            .GroupBy(model => models[model].Family)
            .SelectMany(family => family.Select((model, place) => (model, place)))
            .OrderBy(choice => choice.place)      // stable: the current model stays first, as its family is the first and it is first there
            .Select(choice => choice.model)
            .ToArray();
        return [.. Enumerable.Range(0, count).Select(pass => order[pass % order.Length])];
    }
}
