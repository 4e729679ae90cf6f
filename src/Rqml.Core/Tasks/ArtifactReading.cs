namespace Rqml.Tasks;

/// <summary>How results and iterations read their artifacts: whatever a serializer throws names the artifact's type.</summary>
internal static class ArtifactReading
{
    /// <exception cref="SerializationFailedException">The serializer threw.</exception>
    public static TArtifact ReadArtifact<TArtifact>(this IValueSerializer<TArtifact> serializer, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return serializer.Deserialize(bytes);
        }
        catch (Exception error)
        {
            throw new SerializationFailedException(typeof(TArtifact), "artifact", error);
        }
    }
}
