using System.Text.Json;

namespace Rqml.AspNetCore.Tasks;

/// <summary>An artifact's bytes as a reply has them: as they are where they are JSON, else in base 64.</summary>
internal static class ArtifactReply
{
    /// <exception cref="SerializationFailedException">The class says that it writes JSON, and this is none.</exception>
    public static (JsonElement? Json, ReadOnlyMemory<byte>? Bytes) Of(ReadOnlyMemory<byte> artifact, bool isJson)
    {
        if (!isJson) return (null, artifact);
        try
        {
            return (JsonElement.Parse(artifact.Span), null);
        }
        catch (JsonException error)
        {
            throw new SerializationFailedException(typeof(JsonElement), "artifact", error);
        }
    }
}
