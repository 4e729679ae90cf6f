using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Calls;

/// <summary>What a call came to.</summary>
/// <param name="Text">What the client said.</param>
/// <param name="Finish">Why it ended there; null where it does not say.</param>
/// <param name="Cost">What was spent by then, earlier turns included.</param>
internal readonly record struct ChatAnswer(string Text, ChatFinishReason? Finish, double Cost)
{
    /// <summary>Why the answer is none, whatever it says; null where it may be one.</summary>
    public string? Fault
    {
        get
        {
            if (Finish == ChatFinishReason.Length) return "it was cut at the limit of tokens";
            if (Finish == ChatFinishReason.ContentFilter) return "a content filter withheld it";
            return string.IsNullOrWhiteSpace(Text) ? "it is empty" : null;
        }
    }
}
