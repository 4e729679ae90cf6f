using System.Globalization;
using CommandLine;

namespace GraphColouring;

/// <summary>What the command line says.</summary>
public sealed record Arguments
{
    public const string Usage = """
        Colours queen boards: a quick model begins, larger ones take over where it is stuck, and each solution is counted anew.

          --seeds N       starts of each board                default 20, 1 to 1000
          --store DIR     where the nodes keep their state    default data/queens
          --json FILE     writes the report there too
          --help          prints this

        Exits with 0 where every board that is promised was solved from every start, 1 where one was not.
        """;

    public int Seeds { get; private init; } = 20;

    public string Store { get; private init; } = Path.Combine("data", "queens");

    public string? Json { get; private init; }

    /// <exception cref="FormatException">An option is unknown, has no value, or one out of range; the message says which.</exception>
    public static Arguments Parse(IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var arguments = new Arguments();
        for (var at = 0; at < words.Count; at += 2)
        {
            var value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{words[at]} has no value.");
            arguments = words[at] switch
            {
                "--seeds" => arguments with { Seeds = Count(value) },
                "--store" => arguments with { Store = WritablePath.Folder(words[at], value) },
                "--json" => arguments with { Json = WritablePath.File(words[at], value) },
                _ => throw new FormatException($"{words[at]} is no option."),
            };
        }

        return arguments;
    }

    private static int Count(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 1_000
            ? number
            : throw new FormatException($"--seeds is '{value}'; it takes a whole number from 1 to 1000.");
}
