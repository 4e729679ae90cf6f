namespace Rqml.Extensions.AI.Tests;

/// <summary>The task classes of these tests.</summary>
internal static class Drafts
{
    public static readonly TaskClass<string, string> Text = new("texts");
    public static readonly TaskClass<string, Letter> Letters = new("letters");
    public static readonly TaskClass<string, double> Numbers = new("numbers");
}

/// <summary>An artifact with a type of its own.</summary>
internal sealed record Letter(string Salutation, int Lines);
