namespace Rqml.Docs.Tests;

/// <summary>Whatever C# a page shows is code of this project: it compiles, and most of it runs in the tests beside it.</summary>
public sealed class SnippetTests
{
    private static readonly Snippet[] Regions = [.. Repository.Files().Where(path => path.StartsWith("tests/Rqml.Docs.Tests/Snippets/", StringComparison.Ordinal)).SelectMany(Snippet.InCode)];

    public static TheoryData<string> Pages => [.. Repository.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_snippet_of_a_page_is_code_that_compiles(string page)
    {
        foreach (var snippet in Snippet.OnPage(page))
        {
            Assert.True(snippet.MadeOf(Regions).Count > 0, $"{snippet.Where}: this is no region of the snippets' code:\n{string.Join('\n', snippet.Lines)}");
        }
    }

    [Fact]
    public void Every_region_is_on_a_page()
    {
        var shown = Repository.Pages.SelectMany(Snippet.OnPage).SelectMany(snippet => snippet.MadeOf(Regions)).ToHashSet();
        Assert.Empty(Regions.Where(region => !shown.Contains(region)).Select(region => region.Where));
    }
}
