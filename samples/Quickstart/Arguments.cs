using System.Globalization;
using CommandLine;

namespace Quickstart;

/// <summary>What the command line says.</summary>
public sealed record Arguments
{
    public const string Usage = """
        Learns to read handwritten digits on three nodes, loses one of them on the way, and lets the classifiers vote.

          --tasks N       classifiers to train                                default 48, 1 to 1000
          --seed N        of the samples that they learn from                 default 1
          --store DIR     where the nodes keep their state                    default data/rqml
          --plot FILE     how the scores grew, as SVG                         default convergence.svg in the store's folder
          --climb FILE    the way of the task whose story is told, as SVG
          --json FILE     writes the report there too
          --labels FILE   writes each task's artifact and each vote there
          --journal DIR   writes each model call and each completion there, on disk before it goes on
          --help          prints this
        """;

    public int Tasks { get; private init; } = 48;

    public ulong Seed { get; private init; } = 1;

    public string Store { get; private init; } = Path.Combine("data", "rqml");

    /// <summary>Beside what the nodes keep in the store's folder, where it stays when they have finished.</summary>
    public string Plot { get => field ?? Path.Combine(Store, "convergence.svg"); private init; }

    public string? Climb { get; private init; }

    public string? Json { get; private init; }

    public string? Labels { get; private init; }

    public string? Journal { get; private init; }

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
                "--tasks" => arguments with { Tasks = (int)Number(words[at], value, 1, 1_000) },
                "--seed" => arguments with { Seed = Number(words[at], value, 0, ulong.MaxValue) },
                "--store" => arguments with { Store = WritablePath.Folder(words[at], value) },
                "--plot" => arguments with { Plot = WritablePath.File(words[at], value) },
                "--climb" => arguments with { Climb = WritablePath.File(words[at], value) },
                "--json" => arguments with { Json = WritablePath.File(words[at], value) },
                "--labels" => arguments with { Labels = WritablePath.File(words[at], value) },
                "--journal" => arguments with { Journal = WritablePath.Folder(words[at], value) },
                _ => throw new FormatException($"{words[at]} is no option."),
            };
        }

        return arguments;
    }

    private static ulong Number(string option, string value, ulong least, ulong most) =>
        ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{option} is '{value}'; it takes a whole number from {least} to {most}.");
}
