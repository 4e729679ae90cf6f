using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Rqml.AspNetCore.Routes;

/// <summary>Finds endpoints of the host that answer what Rqml's answer. Two such would only be noticed by the first caller, as an error of the router.</summary>
internal static class RouteCollisions
{
    /// <exception cref="RouteCollisionException">The first that is found.</exception>
    public static void Refuse(IEnumerable<Endpoint> endpoints)
    {
        var routes = endpoints.OfType<RouteEndpoint>().Distinct().ToArray();
        foreach (var own in routes.Where(route => route.Metadata.GetMetadata<RqmlEndpoint>() is not null))
        {
            if (routes.FirstOrDefault(other => !ReferenceEquals(own, other) && Collide(own, other)) is { } other) throw new RouteCollisionException(TextOf(own.RoutePattern), Describe(own), Describe(other));
        }
    }

    private static bool Collide(RouteEndpoint one, RouteEndpoint other) =>
        one.Order == other.Order
        && string.Equals(ShapeOf(one.RoutePattern), ShapeOf(other.RoutePattern), StringComparison.OrdinalIgnoreCase)
        && Overlap(one.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods, other.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods)
        && Overlap(one.Metadata.GetMetadata<IHostMetadata>()?.Hosts, other.Metadata.GetMetadata<IHostMetadata>()?.Hosts);

    /// <summary>None said means all.</summary>
    private static bool Overlap(IReadOnlyList<string>? one, IReadOnlyList<string>? other) =>
        one is not { Count: > 0 } || other is not { Count: > 0 } || one.Intersect(other, StringComparer.OrdinalIgnoreCase).Any();

    /// <summary>The pattern without the names of its parameters, which say nothing of what it matches.</summary>
    private static string ShapeOf(RoutePattern pattern) => string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart { IsCatchAll: true } => "{*}",
        RoutePatternParameterPart parameter => $"{{{string.Join(':', parameter.ParameterPolicies.Select(policy => policy.Content))}}}",
        _ => "?",
    }))));

    private static string TextOf(RoutePattern pattern) => $"/{pattern.RawText?.TrimStart('/')}";

    private static string Describe(RouteEndpoint endpoint) => $"'{endpoint.DisplayName ?? TextOf(endpoint.RoutePattern)}'";
}

/// <summary>Marks an endpoint as Rqml's.</summary>
internal sealed class RqmlEndpoint
{
    public static RqmlEndpoint Mark { get; } = new();
}
