namespace Rqml.Nodes;

/// <summary>Names a kind of device.</summary>
internal static class DeviceKind
{
    public const string Range = "1 to 32 lower-case letters, digits or '-'";

    public static bool IsValid(string? device) => device is { Length: >= 1 and <= 32 } && device.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
