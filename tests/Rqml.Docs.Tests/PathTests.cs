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

    [Fact]
    public void Every_page_is_linked_from_the_list_of_pages_and_from_the_readme()
    {
        var pages = Repository.Pages.Where(page => Path.GetDirectoryName(page) == "docs" && page != "docs/README.md").Select(Path.GetFileName).ToArray();
        Assert.NotEmpty(pages);
        Assert.All(pages, page => Assert.Contains($"]({page})", Repository.Read("docs/README.md"), StringComparison.Ordinal));
        Assert.All(pages, page => Assert.Contains($"](docs/{page})", Repository.Read("README.md"), StringComparison.Ordinal));
    }

    [Fact]
    public void Every_test_that_a_page_names_exists()
    {
        var tests = Repository.Files().Where(file => file.StartsWith("tests/", StringComparison.Ordinal) && file.EndsWith("Tests.cs", StringComparison.Ordinal)).Select(Repository.Read).ToArray();
        var named = Repository.Pages.SelectMany(page => TestName().Matches(Repository.Read(page)).Select(match => (page, Name: match.Groups[1].Value))).ToArray();
        Assert.NotEmpty(named);
        Assert.All(named, test => Assert.Contains(tests, code => code.Contains($" {test.Name}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_architecture_names_each_folder_of_the_core_and_no_other()
    {
        var page = Repository.Read("ARCHITECTURE.md");
        var folders = Repository.Files().Where(file => file.StartsWith("src/Rqml.Core/", StringComparison.Ordinal)).Select(file => file.Split('/')).Where(parts => parts.Length > 3).ToArray();
        Assert.Equal(folders.Select(parts => $"{parts[2]}/").Distinct().Order(), FolderRow().Matches(page).Select(row => row.Groups[1].Value).Order());
        Assert.All(folders.Where(parts => parts.Length > 4).Select(parts => $"`{parts[3]}/`").Distinct(), inner => Assert.Contains(inner, page, StringComparison.Ordinal));
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

    [GeneratedRegex(@"^\| `(\w+/)` \|", RegexOptions.Multiline)]
    private static partial Regex FolderRow();

    [GeneratedRegex(@"`([A-Z]\w+_\w+_\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bdecision (\d{4})\b")]
    private static partial Regex DecisionNumber();

    [GeneratedRegex(@"\]\((?<path>[^)\s#]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInSlug();
}
