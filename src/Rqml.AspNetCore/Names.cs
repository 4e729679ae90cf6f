using System.Text.Json;

namespace Rqml.AspNetCore;

/// <summary>How pages write the values of enums: in lower case, with underscores.</summary>
internal static class Names
{
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Reads what <see cref="Of"/> writes, and nothing else.</summary>
    public static T? Read<T>(string text) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Of(value) == text) return value;
        }

        return null;
    }

    public static string All<T>() where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(Of));
}
