namespace Rqml.AspNetCore.Routes;

/// <summary>What a caller has sent, short enough to be told back.</summary>
internal static class Quote
{
    private const int Longest = 64;

    public static string Of(string text) => text.Length <= Longest ? text : $"{text[..Longest]}…";
}
