using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;
using Rqml.Tasks;

namespace Rqml.AspNetCore.Tasks;

/// <summary>Reads a payload from a request's body: never more than its class takes.</summary>
internal static class PayloadBody
{
    private const int FirstBytes = 64 << 10;      // who promises more gets room for it as it comes

    /// <exception cref="ProblemException">The body's type is not that of the class's payloads.</exception>
    /// <exception cref="PayloadTooLargeException">It is longer than the class takes; what is beyond is not read.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, string className, IOpaqueTaskClass @class, CancellationToken cancellationToken)
    {
        Check(request.ContentType, @class.HasJsonPayload);
        var most = @class.MaxPayloadBytes;
        if (request.ContentLength > most) throw new PayloadTooLargeException(className, request.ContentLength.Value, most);
        var payload = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? FirstBytes, 1, FirstBytes));
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (payload.WrittenCount + read.Buffer.Length > most) throw new PayloadTooLargeException(className, payload.WrittenCount + read.Buffer.Length, most);
            foreach (var part in read.Buffer) payload.Write(part.Span);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return payload.WrittenMemory;
        }
    }

    /// <summary>Both types are such that no page of another site can send them without the host's CORS having said so.</summary>
    private static void Check(string? contentType, bool isJson)
    {
        var expected = isJson ? MediaTypeNames.Application.Json : MediaTypeNames.Application.Octet;
        if (MediaTypeHeaderValue.TryParse(contentType, out var said) && (said.MediaType.Equals(expected, StringComparison.OrdinalIgnoreCase) || (isJson && said.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)))) return;
        throw new ProblemException(StatusCodes.Status415UnsupportedMediaType, ProblemTypes.UnsupportedMediaType, $"The body is '{Quote.Of(contentType ?? "")}'; payloads of this class take {expected}.");
    }
}
