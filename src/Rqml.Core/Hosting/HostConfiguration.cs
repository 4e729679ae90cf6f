using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Rqml.Hosting;

/// <summary>
/// Takes the options of a host from a section of its configuration. What cannot be read, and a key that is no option, is a fault of the start beside all others: a mistyped
/// key would else be a wish that nobody hears. Of a whole configuration, which is full of others' keys, nothing is said.
/// </summary>
internal sealed class HostConfiguration(IConfiguration configuration) : IConfigureOptions<RqmlOptions>, IValidateOptions<RqmlOptions>
{
    private const int LongestShown = 100;
    private const int MostMistakes = 2;      // letters by which a key is still taken for another

    private static readonly string[] Keys = [.. KnownOptions.All.Select(option => option.Key)];
    private static readonly string[] Sections = [.. Keys.Where(key => key.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)).Select(key => key.Split(ConfigurationPath.KeyDelimiter)[0]).Distinct()];

    public void Configure(RqmlOptions options) => Read(options);      // the faults are the validation's to name

    public ValidateOptionsResult Validate(string? name, RqmlOptions options) => Read(new RqmlOptions()) is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;

    private List<string> Read(RqmlOptions into)
    {
        var faults = new List<string>();
        foreach (var entry in configuration.GetChildren()) Read(entry, entry.Key, into, faults);
        return faults;
    }

    private void Read(IConfigurationSection entry, string key, RqmlOptions into, List<string> faults)
    {
        if (KnownOptions.All.FirstOrDefault(option => Is(option.Key, key)) is { } option)
        {
            if (entry.Value is { } text && !option.TryRead(text, into)) faults.Add($"{entry.Path} is '{Shown(text)}'; it takes {option.Takes}.");
            else if (entry.Value is null && entry.GetChildren().Any()) faults.Add($"{entry.Path} is a section; it takes {option.Takes}.");
        }
        else if (Sections.Any(section => Is(section, key)) && entry.Value is null)
        {
            foreach (var inner in entry.GetChildren()) Read(inner, ConfigurationPath.Combine(key, inner.Key), into, faults);
        }
        else if (configuration is IConfigurationSection && FaultOf(entry, key) is { } fault)
        {
            faults.Add(fault);
        }
    }

    /// <summary>A section that resembles none of ours belongs to whoever binds it, such as the options of the pages.</summary>
    private static string? FaultOf(IConfigurationSection entry, string key)
    {
        var isSection = entry.Value is null;
        var nearest = (isSection ? Sections : Keys).MinBy(known => Distance(known, key))!;
        var isMistyped = Distance(nearest, key) <= MostMistakes;
        if (isSection && !isMistyped && !key.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)) return null;
        return $"{entry.Path} is no option of Rqml; {(isMistyped ? $"the nearest is {nearest}" : $"it takes {string.Join(", ", Keys)}")}.";
    }

    private static bool Is(string known, string key) => known.Equals(key, StringComparison.OrdinalIgnoreCase);

    private static string Shown(string text) => text.Length <= LongestShown ? text : $"{text[..LongestShown]}…";

    /// <summary>Letters to be put in, left out or changed to make the one of the other (Levenshtein 1965), whatever their case.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var changed = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
