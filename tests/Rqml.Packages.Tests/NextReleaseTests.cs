using System.Text.RegularExpressions;

namespace Rqml.Packages.Tests;

/// <summary>What holds from one release to the next.</summary>
public sealed partial class NextReleaseTests(NextRelease next) : IClassFixture<NextRelease>
{
    public static TheoryData<string> Ids => [.. Release.Ids];

    [Fact]
    public void What_breaks_the_public_api_of_the_release_before_is_not_packed_unsaid()
    {
        Assert.NotEqual(0, next.Packing.ExitCode);
        var breaks = Break().Matches(next.Packing.Output).Select(match => match.Groups[1].Value).Distinct();
        Assert.Equal("Type 'Rqml.Storage.RocksDb.RocksDbOptionsValidator' exists on [Baseline]", Assert.Single(breaks));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_commit_packed_twice_in_two_places_gives_the_same_bytes(string id)
    {
        var once = (await Release.Packed).Read(id);
        var twice = Package.Read(next.PackedBefore, id, Release.Version);
        Assert.Equal(once.Assembly, twice.Assembly);
        Assert.Equal(once.Pdb, twice.Pdb);
        Assert.Equal(once.Documentation, twice.Documentation);
        Assert.Equal(once.Files[$"{id}.nuspec"], twice.Files[$"{id}.nuspec"]);
    }

    [GeneratedRegex(@"error CP\d+: (.*?) lib/")]
    private static partial Regex Break();
}
