using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;

namespace Rqml.AspNetCore.Problems;

/// <summary>Gives every error of a page its problem, so that no host has to know Rqml's exceptions and no caller sees a stack trace.</summary>
internal sealed partial class ProblemFilter : IEndpointFilter
{
    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of a page: what nobody has foreseen is logged, and told as no more than that.")]
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Empty;      // nobody is there to hear it
        }
        catch (Exception error)
        {
            if (Problem.Of(error, http) is { } problem) return problem;
            Log.PageFailed(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Rqml.AspNetCore"), http.GetEndpoint()?.DisplayName, error);
            return Problem.New(StatusCodes.Status500InternalServerError, ProblemTypes.Internal, "Something failed that should not have; the host's log says what.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.PageFailed, LogLevel.Error, "The page '{Page}' failed")]
        public static partial void PageFailed(ILogger logger, string? page, Exception error);
    }
}
