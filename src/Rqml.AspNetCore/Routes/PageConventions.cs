using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Rqml.AspNetCore.Routes;

/// <summary>What all pages say of themselves, to the router and to OpenAPI.</summary>
internal static class PageConventions
{
    public const string ProblemType = "application/problem+json";

    /// <summary>The page gives a <typeparamref name="TReply"/>.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">Of the operation, after "rqml_".</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="status">Of the usual answer.</param>
    public static RouteHandlerBuilder Document<TReply>(this RouteHandlerBuilder page, string name, string summary, int status = StatusCodes.Status200OK) =>
        page.Produces<TReply>(status).Document(name, summary);

    /// <summary>The page gives something that has no schema.</summary>
    public static RouteHandlerBuilder Document(this RouteHandlerBuilder page, string name, string summary) =>
        page.WithSummary(summary).WithDisplayName($"Rqml {name.Replace('_', ' ')}").WithMetadata(new OperationName($"rqml_{name}"));

    /// <summary>Each of these comes as problem details.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder page, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) page.ProducesProblem(status, ProblemType);
        return page;
    }

    /// <summary>Lets OpenAPI know the pages by their names. The router wants every name to be the only one in the host, so that only the first of several groups has them.</summary>
    public static void NamePages(this RouteGroupBuilder group) => ((IEndpointConventionBuilder)group).Finally(page =>
    {
        if (page.Metadata.OfType<OperationName>().FirstOrDefault() is { } name) page.Metadata.Add(new EndpointNameMetadata(name.Text));
    });

    private sealed record OperationName(string Text);
}
