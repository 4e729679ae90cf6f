using System.Globalization;

namespace Cluster;

/// <summary>What the command line says.</summary>
internal sealed record Arguments(string? Etcd, TimeSpan Phase)
{
    public const string Usage = """
        Four nodes that agree through etcd colour queen boards; a worker and the leader are killed, and started again.

          --etcd URL      an etcd that runs already       default: one is started here
          --seconds N     of each of the four phases      default 10, 3 to 60
          --help          prints this

        Exits with 0 where every board that was submitted was settled once, with a colouring that a recount finds proper; 1 where one was not; 2 where it could not begin.
        """;

    /// <exception cref="FormatException">An option is unknown, has no value, or one out of range; the message says which.</exception>
    public static Arguments Parse(IReadOnlyList<string> words)
    {
        var arguments = new Arguments(null, TimeSpan.FromSeconds(10));
        for (var at = 0; at < words.Count; at += 2)
        {
            var value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{words[at]} has no value.");
            arguments = words[at] switch
            {
                "--etcd" => arguments with { Etcd = Url(value) },
                "--seconds" => arguments with { Phase = Seconds(value) },
                _ => throw new FormatException($"{words[at]} is no option."),
            };
        }

        return arguments;
    }

    private static string Url(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? value : throw new FormatException($"--etcd is '{value}'; it takes an address like http://127.0.0.1:2379.");

    private static TimeSpan Seconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 3 and <= 60
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"--seconds is '{value}'; it takes a whole number from 3 to 60.");
}
