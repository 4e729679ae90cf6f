using System.Text.RegularExpressions;

namespace Rqml.Docs.Tests;

/// <summary>What a page or a comment points to is there.</summary>
public sealed partial class PathTests
{
    public static TheoryData<string> Pages => [.. Repository.Pages];

    [Fact]
    public void Every_page_that_is_named_exists()
    {
        var missing = Named(PagePath()).Where(name => !Repository.Has(name.What));
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_script_that_is_named_exists()
    {
        var missing = Named(ScriptPath()).Where(name => !Repository.Has(name.What));
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_decision_that_is_named_exists()
    {
        var decisions = Decisions();
        Assert.NotEmpty(decisions);
        Assert.All(Named(DecisionNumber()), name => Assert.Contains(name.What, decisions));
    }

    [Fact]
    public void Decisions_are_numbered_without_a_gap_and_linked_from_the_list()
    {
        var decisions = Decisions();
        Assert.Equal(Enumerable.Range(1, decisions.Length).Select(number => $"{number:d4}"), decisions);
        var list = Repository.Read("docs/README.md");
        Assert.All(decisions, number => Assert.Contains($"](decisions/{number}-", list, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_somewhere(string page)
    {
        foreach (Match link in Link().Matches(Repository.Read(page)))
        {
            var (path, anchor) = (link.Groups["path"].Value, link.Groups["anchor"].Value);
            if (path.Contains("://", StringComparison.Ordinal)) continue;
            var target = path.Length == 0 ? page : Path.GetRelativePath(Repository.Root, Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, path));
            Assert.True(Repository.Has(target), $"{page} links to {path}, which does not exist.");
            if (anchor.Length > 0) Assert.Contains(anchor, Heading().Matches(Repository.Read(target)).Select(heading => Slug(heading.Groups[1].Value)));
        }
    }

    private static string[] Decisions() =>
        [.. Repository.Pages.Where(page => page.StartsWith("docs/decisions/", StringComparison.Ordinal)).Select(page => Path.GetFileName(page)[..4])];

    private static IEnumerable<(string Where, string What)> Named(Regex pattern) =>
        Repository.Files().SelectMany(file => pattern.Matches(Repository.Read(file)).Select(match => (file, match.Groups[1].Value.TrimEnd('.')))).Distinct();

    /// <summary>What GitHub makes of a heading.</summary>
    private static string Slug(string heading) => NotInSlug().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"(?<![\w/.])(docs/[\w./-]*\w)")]
    private static partial Regex PagePath();

    [GeneratedRegex(@"(?<![\w/.])(eng/[a-z][a-z0-9-]*)")]
    private static partial Regex ScriptPath();

    [GeneratedRegex(@"\bdecision (\d{4})\b")]
    private static partial Regex DecisionNumber();

    [GeneratedRegex(@"\]\((?<path>[^)\s#]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInSlug();
}
