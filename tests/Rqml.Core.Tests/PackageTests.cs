using System.Xml.Linq;

namespace Rqml.Core.Tests;

/// <summary>Which package may know which: arrows point at Rqml.Core alone, and it knows almost nothing.</summary>
public sealed class PackageTests
{
    private static readonly string[] CoreKnows =
    [
        "Google.Protobuf", "Grpc.Tools", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions",
    ];

    public static TheoryData<string> Packages => [.. Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository.Root, path))];

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_knows_the_core_and_no_other_package_of_ours(string project)
    {
        var references = Items(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).ToArray();
        if (Path.GetFileName(project) == "Rqml.Core.csproj") Assert.Empty(references);
        else Assert.Equal(["Rqml.Core"], references);
    }

    [Fact]
    public void The_core_depends_on_almost_nothing()
    {
        var packages = Items(Path.Combine("src", "Rqml.Core", "Rqml.Core.csproj"), "PackageReference");
        Assert.Equal(CoreKnows.Order(), packages.Order());
    }

    [Fact]
    public void Every_dependency_has_its_line_in_the_readme()
    {
        var readme = Repository.Read("README.md");
        foreach (var project in Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            foreach (var package in Items(Path.GetRelativePath(Repository.Root, project), "PackageReference"))
            {
                var family = package.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) ? "Microsoft.Extensions.*" : package.Split('.')[0];
                Assert.Contains(family, readme, StringComparison.Ordinal);
            }
        }
    }

    private static string[] Items(string project, string kind) =>
        [.. XDocument.Parse(Repository.Read(project)).Descendants(kind).Select(item => item.Attribute("Include")!.Value.Replace('\\', '/'))];
}
