namespace Rqml.Messaging.Links;

/// <summary>A message that knows its length and writes itself where it will be sent from.</summary>
internal interface IMessageContent
{
    int Bytes { get; }

    /// <summary>Fills exactly <see cref="Bytes"/>.</summary>
    void WriteTo(Span<byte> to);
}

/// <summary>A message that was written before: one that goes to several is encoded once.</summary>
internal readonly struct WrittenContent(ReadOnlyMemory<byte> bytes) : IMessageContent
{
    public int Bytes => bytes.Length;

    public void WriteTo(Span<byte> to) => bytes.Span.CopyTo(to);
}
