using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rqml.Diagnostics;

namespace Rqml.Docs.Tests;

/// <summary>The page of troubles has a row for all that a user may meet, and names nothing that does not exist.</summary>
public sealed partial class TroubleshootingPageTests
{
    private static readonly string Page = Repository.Read("docs/troubleshooting.md");

    /// <summary>What a host or a policy says, or the records of a seam: nobody meets them as a trouble.</summary>
    private static readonly string[] Said = ["EventKinds", "Judgement", "NodeRoles", "ObservationKind", "Rung", "StoreFamily", "StoreVerification", "WriteKind"];

    /// <summary>Of the framework, and thrown by Rqml on purpose.</summary>
    private static readonly string[] Framework = [nameof(ArgumentException), nameof(ArgumentOutOfRangeException), nameof(InvalidOperationException), nameof(OptionsValidationException)];

    [Fact]
    public void Every_exception_that_Rqml_throws_has_a_row_and_no_row_names_another()
    {
        var thrown = PublicAssemblies.Types.Where(type => type.IsSubclassOf(typeof(Exception)) && !type.IsAbstract).Select(type => type.Name);
        var rows = Row().Matches(Page).Select(row => row.Groups[1].Value).Where(name => name.EndsWith("Exception", StringComparison.Ordinal)).Distinct();
        Assert.Equal(thrown.Concat(Framework).Order(), rows.Order());
        Assert.All(Exceptions().Matches(Page), named => Assert.Contains(named.Value, thrown.Concat(Framework).Append(nameof(RqmlException))));
    }

    [Fact]
    public void Every_value_of_what_happens_to_a_task_a_node_or_a_vote_has_a_row()
    {
        var enums = PublicAssemblies.Types.Where(type => type.IsEnum && !Said.Contains(type.Name)).ToArray();
        Assert.All(enums, type => Assert.Equal(Enum.GetNames(type).Order(), RowsBelow($"| `{type.Name}` |").Order()));
        var tables = Heading().Matches(Page).Select(heading => heading.Groups[1].Value);
        Assert.Equal(enums.Select(type => type.Name).Order(), tables.Order());
    }

    [Fact]
    public void Every_outcome_of_a_submission_has_a_row()
    {
        var outcomes = typeof(SubmitOutcome<>).GetNestedTypes().Select(type => type.Name);
        Assert.Equal(outcomes.Order(), RowsBelow("| outcome |").Order());
    }

    [Fact]
    public void Every_line_of_the_log_has_a_row_with_its_level()
    {
        const BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var lines = PublicAssemblies.All.SelectMany(assembly => assembly.GetTypes()).SelectMany(type => type.GetMethods(any))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>().Select(line => (line.EventId.ToString(), line.Level.ToString()));
        Assert.Equal(lines.Order(), LogRow().Matches(Page).Select(row => (row.Groups[1].Value, row.Groups[2].Value)).Order());
    }

    [Fact]
    public void Every_id_of_the_log_is_listed_once_in_one_place()
    {
        var listed = typeof(LogIds).GetFields(BindingFlags.Static | BindingFlags.Public).Select(id => ((int)id.GetRawConstantValue()!).ToString()).ToArray();
        Assert.Equal(listed.Distinct(), listed);
        Assert.Equal(LogRow().Matches(Page).Select(row => row.Groups[1].Value).Order(), listed.Order());
    }

    [Fact]
    public void An_id_stands_for_one_line_of_the_log()
    {
        var ids = LogRow().Matches(Page).Select(row => row.Groups[1].Value).ToArray();
        Assert.Equal(ids.Distinct(), ids);
    }

    /// <summary>First cells of the table with this head.</summary>
    private static IEnumerable<string> RowsBelow(string head)
    {
        var at = Page.IndexOf($"\n{head}", StringComparison.Ordinal);
        Assert.True(at >= 0, $"The page has no table that begins with {head}");
        return Page[(at + 1)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => Row().Match(line).Groups[1].Value);
    }

    [GeneratedRegex(@"^\| `(\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(\w+)` \|.*\n\|---", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b[A-Z]\w*Exception\b")]
    private static partial Regex Exceptions();

    [GeneratedRegex(@"^\| (\d{4}) \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex LogRow();
}
