namespace ChatRefinement;

/// <summary>What the command line says.</summary>
internal sealed record Arguments
{
    public const string Usage = """
        Writes a text with two models: a small one drafts and revises, a critic says what is missing, and a large one takes over where the small one is at its end.

          --endpoint URL        any service that speaks as OpenAI's does       default https://api.openai.com/v1
          --model SMALL,LARGE   the two models; the large one is the critic    default gpt-5-mini,gpt-5
          --brief TEXT          what is to be written                          default a note about this library
          --offline             asks a server in this process, which has its answers ready; no key is needed
          --help                prints this

        The key is read from the environment variable OPENAI_API_KEY. Exits with 0 where the critic was content, 1 where it was not.
        """;

    public Uri Endpoint { get; private init; } = new("https://api.openai.com/v1");

    public string Small { get; private init; } = "gpt-5-mini";

    public string Large { get; private init; } = "gpt-5";

    public string Brief { get; private init; } = "Three sentences for engineers on what this library is: it refines an answer by language models, iteration by iteration. They should learn what it does not do.";

    public bool IsOffline { get; private init; }

    /// <exception cref="FormatException">An option is unknown, has no value, or one that it does not take; the message says which.</exception>
    public static Arguments Parse(IReadOnlyList<string> words)
    {
        var arguments = new Arguments();
        for (var at = 0; at < words.Count; at++)
        {
            var option = words[at];
            if (option == "--offline")
            {
                arguments = arguments with { IsOffline = true };
                continue;
            }

            if (option is not ("--endpoint" or "--model" or "--brief")) throw new FormatException($"{option} is no option.");
            var value = ++at < words.Count ? words[at] : throw new FormatException($"{option} has no value.");
            arguments = option switch
            {
                "--endpoint" => arguments with { Endpoint = Address(value) },
                "--brief" => arguments with { Brief = value },
                _ => value.Split(',') is [{ Length: > 0 } small, { Length: > 0 } large] ? arguments with { Small = small, Large = large } : throw new FormatException($"--model is '{value}'; it takes two names with a comma between them."),
            };
        }

        return arguments;
    }

    private static Uri Address(string value) => Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw new FormatException($"--endpoint is '{value}'; it takes an address that begins with http:// or https://.");
}
