namespace Rqml.AspNetCore;

/// <summary>
/// A page of Rqml and another endpoint of the host answer the same requests. The host does not start; give <c>MapRqml</c> or <c>MapRqmlTasks</c> a prefix of their own.
/// </summary>
public sealed class RouteCollisionException(string route, string endpoint, string other)
    : RqmlException($"'{route}' is asked for by two endpoints of this host: {endpoint}, and {other}. Map Rqml under a prefix of its own.")
{
    /// <summary>The route of Rqml's endpoint, as it is matched.</summary>
    public string Route { get; } = route;

    /// <summary>Rqml's endpoint.</summary>
    public string Endpoint { get; } = endpoint;

    /// <summary>The other endpoint.</summary>
    public string Other { get; } = other;
}
