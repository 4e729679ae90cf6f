namespace Rqml.Packages.Tests;

/// <summary>A release after the first that takes a public type away, and what eng/pack says to it. It packs the release before on the way.</summary>
public sealed class NextRelease : IAsyncLifetime
{
    private const string Changed = "src/Rqml.Storage/Rqml.Storage.RocksDb/RocksDbOptionsValidator.cs";

    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-next-").FullName;

    internal Command Packing { get; private set; } = new(0, "");

    internal string PackedBefore => Path.Combine(_folder, "artifacts", "baseline");

    public async Task InitializeAsync()
    {
        var release = await Release.Packed;
        await Release.GitAsync(release.Repository, "clone", "--quiet", ".", _folder);
        await Release.GitAsync(_folder, "remote", "set-url", "origin", Release.Origin);
        var path = Path.Combine(_folder, Changed);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("public sealed class", "internal sealed class", StringComparison.Ordinal));
        await Release.GitAsync(_folder, "commit", "--quiet", "--all", "--message", "what a user has to hear of");
        Packing = await Release.PackAsync(_folder, Path.Combine(_folder, "packages"));
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }
}
