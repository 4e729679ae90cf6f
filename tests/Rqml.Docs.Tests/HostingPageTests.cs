using System.Reflection;
using System.Text.RegularExpressions;
using Rqml.AspNetCore.Problems;

namespace Rqml.Docs.Tests;

/// <summary>The page on hosting has every type of problem, and no other.</summary>
public sealed partial class HostingPageTests
{
    [Fact]
    public void The_page_has_every_type_of_problem()
    {
        var types = typeof(ProblemTypes).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(field => field.IsLiteral && field.Name != nameof(ProblemTypes.Prefix)).Select(field => (string)field.GetRawConstantValue()!);
        Assert.Equal(types.Order(StringComparer.Ordinal), Row().Matches(Repository.Read("docs/hosting.md")).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^\| `([a-z-]+)` \| \d{3} \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
