using System.Reflection.PortableExecutable;
using System.Text;
using Rqml.Docs.Tests;

namespace Rqml.Packages.Tests;

/// <summary>What is in a package, and what it says of itself.</summary>
public sealed class PackageTests
{
    private static readonly string[] ForOtherLanguages = ["proto/link.proto", "proto/rqml.proto"];

    public static TheoryData<string> Ids => [.. Release.Ids];

    [Fact]
    public async Task Every_project_of_src_is_packed_with_its_symbols_and_nothing_else_is()
    {
        var release = await Release.Packed;
        var expected = Release.Ids.SelectMany(id => new[] { $"{id}.{Release.Version}.nupkg", $"{id}.{Release.Version}.snupkg" });
        Assert.Equal(expected, Directory.EnumerateFiles(release.Packages).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_package_says_what_it_is_and_where_it_comes_from(string id)
    {
        var release = await Release.Packed;
        var package = release.Read(id);
        Assert.Equal(("expression", "Apache-2.0"), (package.Tell("license")?.Attribute("type")?.Value, package.Tell("license")?.Value));
        var repository = package.Tell("repository");
        Assert.Equal(("git", Release.Origin, release.Commit), (repository?.Attribute("type")?.Value, repository?.Attribute("url")?.Value, repository?.Attribute("commit")?.Value));
        Assert.InRange(package.Tell("description")!.Value.Length, 40, 400);
        Assert.NotEmpty(package.Tell("tags")!.Value);
        Assert.Equal("The Rqml authors", package.Tell("authors")?.Value);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_packages_version_is_that_of_the_tag(string id)
    {
        var release = await Release.Packed;
        var package = release.Read(id);
        Assert.Equal(Release.Version, package.Tell("version")?.Value);
        Assert.Contains($"{Release.Version}+{release.Commit}", Encoding.UTF8.GetString(package.Assembly), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_package_asks_for_others_of_its_own_release_and_for_what_it_was_tested_with_or_later(string id)
    {
        var package = (await Release.Packed).Read(id);
        Assert.All(package.Dependencies, dependency =>
            Assert.Equal(Release.Ids.Contains(dependency.Key) ? $"[{Release.Version}]" : PinnedVersions.Of(dependency.Key), dependency.Value));
        if (id != "Rqml.Core") Assert.Contains("Rqml.Core", package.Dependencies.Keys);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_package_has_code_documentation_and_page_and_nothing_that_nobody_asked_for(string id)
    {
        var package = (await Release.Packed).Read(id);
        var made = new[] { "_rels/.rels", "[Content_Types].xml" };      // by the format
        var files = package.Files.Keys.Where(file => !made.Contains(file) && !file.StartsWith("package/", StringComparison.Ordinal));
        string[] asked = ["README.md", $"{id}.nuspec", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", .. id == "Rqml.Transports.Grpc" ? ForOtherLanguages : []];
        Assert.Equal(asked.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        Assert.NotEmpty(Package.Xml(package.Documentation).Descendants("summary"));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_packages_page_is_the_readme_with_links_that_lead_to_the_commit(string id)
    {
        var release = await Release.Packed;
        var package = release.Read(id);
        Assert.Equal("README.md", package.Tell("readme")?.Value);
        var sources = $"{Release.Origin}/blob/{release.Commit}/";
        var page = Encoding.UTF8.GetString(package.Files["README.md"]);
        Assert.Contains($"]({sources}docs/first-task.md)", page, StringComparison.Ordinal);
        Assert.Equal(Repository.Read("README.md").Trim(), page.Replace(sources, "", StringComparison.Ordinal).Trim());
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_debugger_finds_every_line_of_a_package(string id)
    {
        var release = await Release.Packed;
        var package = release.Read(id);
        using var symbols = new SymbolFile(package.Pdb);
        using var stream = new MemoryStream(package.Assembly);
        using var assembly = new PEReader(stream);
        var asked = assembly.ReadCodeViewDebugDirectoryData(assembly.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.CodeView));
        Assert.Equal(asked.Guid, new Guid(symbols.Id.AsSpan()[..16]));

        var (path, address) = Assert.Single(symbols.Links());
        Assert.Equal($"https://raw.githubusercontent.com/example/rqml/{release.Commit}/*", address);
        Assert.NotEmpty(symbols.Documents);
        Assert.All(symbols.Documents.Where(document => !document.IsInside), document =>
        {
            Assert.StartsWith(path.TrimEnd('*'), document.Path, StringComparison.Ordinal);
            Assert.True(Repository.Has(document.Path[(path.Length - 1)..]), $"{document.Path} is not in the tree.");
        });
    }
}
