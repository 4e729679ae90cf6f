namespace Rqml.Extensions.AI;

/// <summary>An answer while it is streamed.</summary>
/// <param name="Pass">Which pass it is of.</param>
/// <param name="Text">All of it so far: what the client says, JSON included.</param>
/// <param name="IsComplete">Whether the call has ended; the text may still turn out to be of no use.</param>
public readonly record struct ChatText(PassInfo Pass, string Text, bool IsComplete);
