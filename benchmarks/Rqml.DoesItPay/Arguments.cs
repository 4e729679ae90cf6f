using System.Globalization;
using CommandLine;

namespace Rqml.DoesItPay;

/// <summary>What the command line says.</summary>
internal sealed record Arguments
{
    private const int SeedsMin = 2;        // one alone has no standard error
    private const int SeedsMax = 1_000;

    public const string Usage = """
        Does the same work under several regimes, and says what each is worth and costs.

          --job JOB     labelling, colouring, or all       default all
          --seeds N     how many to run         default 20, 2 to 1000
          --out DIR     writes a plot (.svg) for each job there
          --help        prints this

        Writes the page to the standard output; its first line says what came of it. Exits with 0 where all hopes are kept, 1 where one is not.
        """;

    /// <summary>Null stands for all.</summary>
    public string? Job { get; private init; }

    public int Seeds { get; private init; } = 20;

    public string? Out { get; private init; }

    /// <exception cref="FormatException">An option is unknown, has no value, or one out of range; the message says which.</exception>
    public static Arguments Parse(IReadOnlyList<string> words, IReadOnlyCollection<string> jobs)
    {
        ArgumentNullException.ThrowIfNull(words);
        var arguments = new Arguments();
        for (var at = 0; at < words.Count; at += 2)
        {
            var value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{words[at]} has no value.");
            arguments = words[at] switch
            {
                "--job" when value == "all" => arguments with { Job = null },
                "--job" when jobs.Contains(value) => arguments with { Job = value },
                "--job" => throw new FormatException($"--job is '{value}'; there are {string.Join(", ", jobs)}, and all."),
                "--seeds" => arguments with { Seeds = Count(value) },
                "--out" => arguments with { Out = WritablePath.Folder(words[at], value) },
                _ => throw new FormatException($"{words[at]} is no option."),
            };
        }

        return arguments;
    }

    private static int Count(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= SeedsMin and <= SeedsMax
            ? number
            : throw new FormatException($"--seeds is '{value}'; it takes a whole number from {SeedsMin} to {SeedsMax}.");
}
