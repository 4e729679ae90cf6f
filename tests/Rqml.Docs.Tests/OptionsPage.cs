using System.Text.RegularExpressions;

namespace Rqml.Docs.Tests;

/// <summary>The tables of the page of options.</summary>
internal static partial class OptionsPage
{
    private static readonly string[] Parts = Repository.Read("docs/options.md").Split("\n## ");

    /// <summary>Headings of the sections that have a table.</summary>
    public static IEnumerable<string> Sections => Parts.Skip(1).Where(part => Row().IsMatch(part)).Select(part => part.Split('\n')[0]);

    public static IReadOnlyList<OptionRow> Rows(string section) =>
        [.. Row().Matches(Parts.Single(part => part.StartsWith(section + "\n", StringComparison.Ordinal)))
            .Select(row => new OptionRow(row.Groups["name"].Value, row.Groups["default"].Value, row.Groups["range"].Value.Trim()))];

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<default>[^|]+?) \| (?<range>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

/// <summary>One option as the page has it.</summary>
internal sealed record OptionRow(string Name, string Default, string Range);
