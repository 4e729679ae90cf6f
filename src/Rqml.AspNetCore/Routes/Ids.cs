using Rqml.AspNetCore.Problems;

namespace Rqml.AspNetCore.Routes;

/// <summary>Reads ids as strictly as they are written: one task has one address.</summary>
internal static class Ids
{
    private const int Length = 36;

    /// <exception cref="ProblemException">It is none.</exception>
    public static TaskId Read(string text, string what) =>
        text.Length == Length && TaskId.TryParse(text, null, out var id) && id.ToString() == text ? id
            : throw ProblemException.Invalid($"{what} is '{Quote.Of(text)}'; it takes a UUID of version 7: 8-4-4-4-12 hexadecimal digits, in lower case.");
}
