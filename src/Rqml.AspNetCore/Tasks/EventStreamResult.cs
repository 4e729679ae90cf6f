using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Rqml.AspNetCore.Tasks;

/// <summary>Answers with a stream of events that lasts until they end, the reader goes, or <paramref name="ends"/> is cancelled.</summary>
internal sealed class EventStreamResult(IAsyncEnumerable<SseItem<string>> events, CancellationTokenSource ends, TimeSpan keepAlive, TimeProvider time) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers.ContentEncoding = "identity";      // a host's compression would hold events back until it has enough of them
        httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await new EventWriter(response.Body, keepAlive, time).WriteAsync(events, httpContext.Abort, ends).ConfigureAwait(false);
    }
}
