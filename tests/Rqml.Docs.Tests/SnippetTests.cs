namespace Rqml.Docs.Tests;

/// <summary>Whatever C# a page shows is code of this project: it compiles, and most of it runs in the tests beside it.</summary>
public sealed class SnippetTests
{
    private static readonly Snippet[] Regions = [.. Repository.Files().Where(path => path.StartsWith("tests/Rqml.Docs.Tests/Snippets/", StringComparison.Ordinal)).SelectMany(Snippet.InCode)];

    private static readonly string[] Opening = ["```csharp", "```sh", "```text"];
    private static readonly string[] Closing = ["```"];

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

    /// <summary>So that no C# is overlooked: in a fence that is indented, of another kind, or of a language by another name.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_fence_of_a_page_says_its_language_in_the_one_way_that_is_looked_for(string page)
    {
        var isOpen = false;
        foreach (var line in Repository.Read(page).Split('\n').Where(line => line.TrimStart(' ', '>', '-', '*', '\t') is var text && (text.StartsWith("```", StringComparison.Ordinal) || text.StartsWith("~~~", StringComparison.Ordinal))))
        {
            Assert.Contains(line, isOpen ? Closing : Opening);
            isOpen = !isOpen;
        }

        Assert.False(isOpen, $"{page}: a fence does not end.");
    }

    [Fact]
    public void The_readme_begins_with_a_program_of_ten_lines()
    {
        var first = Snippet.OnPage("README.md").First();
        Assert.All(["using Rqml;", "await host.StartAsync();", "Console.WriteLine("], part => Assert.Contains(first.Lines, line => line.StartsWith(part, StringComparison.Ordinal)));
        Assert.Equal(10, first.Lines.Count(line => line.Length > 0 && !line.StartsWith("using Rqml", StringComparison.Ordinal) && !line.StartsWith("using Microsoft", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_region_is_on_a_page()
    {
        var shown = Repository.Pages.SelectMany(Snippet.OnPage).SelectMany(snippet => snippet.MadeOf(Regions)).ToHashSet();
        Assert.Empty(Regions.Where(region => !shown.Contains(region)).Select(region => region.Where));
    }
}
