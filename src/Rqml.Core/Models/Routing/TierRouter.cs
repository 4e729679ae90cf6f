namespace Rqml.Models.Routing;

/// <summary>
/// The smallest candidate; when exploring, one that has not worked on the task yet, of another family if there is one. It learns nothing, so what a task ends with
/// depends on its seed alone.
/// </summary>
internal sealed class TierRouter : IModelRouter
{
    public static TierRouter Instance { get; } = new();

    public string Choose(RoutingRequest request)
    {
        if (!request.Explore || request.Current is not { } current) return request.Candidates[0].Name;
        var order = request.Candidates
            .OrderBy(model => request.Used.Contains(model.Name))
            .ThenBy(model => model.Family == current.Family)
            .ThenByDescending(model => model.Tier);
        return order.First().Name;
    }
}
