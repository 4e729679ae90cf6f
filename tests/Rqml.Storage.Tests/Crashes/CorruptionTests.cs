using Rqml.Storage.CrashChild;
using Rqml.Storage.RocksDb;
using Xunit.Abstractions;

namespace Rqml.Storage.Tests.Crashes;

/// <summary>Damage anywhere in a store's files is either found, as a typed error, or does no harm. It is never silence.</summary>
public sealed class CorruptionTests(ITestOutputHelper output)
{
    private const int Seed = 4;
    private const int Trials = 1_200;

    [Fact]
    public async Task Damaged_bytes_are_found_or_do_no_harm()
    {
        using var folder = new TemporaryFolder(inMemory: true);
        Sample[] samples =
        [
            Make(folder["closed"], 150, isKilled: false),
            Make(folder["killed"], 150, isKilled: true),
            Make(folder["killed-early"], 67, isKilled: true),
            Make(folder["killed-late"], 301, isKilled: true),
        ];
        var random = new Random(Seed);
        var counts = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        for (var trial = 0; trial < Trials; trial++)
        {
            var sample = samples[trial % samples.Length];
            var copy = folder["copy"];
            FolderCopy.Make(sample.Path, copy);
            var damage = StoreDamage.Inflict(copy, random);
            var outcome = await OpenAndReadAsync(copy, sample);
            Assert.True(outcome.Silent is null, $"seed {Seed}, trial {trial}, {Path.GetFileName(sample.Path)}, {damage}: {outcome.Silent}");
            if (!counts.TryGetValue(damage.Kind, out var tally)) counts[damage.Kind] = tally = new Tally();
            tally.Count(outcome.Error);
            Directory.Delete(copy, recursive: true);
        }

        output.WriteLine($"{Trials} damages (seed {Seed}), {counts.Values.Sum(tally => tally.Found)} found, {counts.Values.Sum(tally => tally.Harmless)} harmless, 0 silent:");
        foreach (var (kind, tally) in counts) output.WriteLine($"  {kind}: {tally}");
        string[] kinds = ["CURRENT", "MANIFEST", "WAL", "highwater", "segment", "table"];
        Assert.All(kinds, kind => Assert.True(counts[kind].Found + counts[kind].Harmless >= 20, $"{kind} was damaged too rarely"));
    }

    private static Sample Make(string path, int commits, bool isKilled)
    {
        using var child = isKilled
            ? StoreChild.Start(path, Seed, commits, StoreStep.MarkWritten, passes: commits - 1)
            : StoreChild.Start(path, Seed, commits);
        Assert.True(child.ReadUntil(isKilled ? ReportKind.Dying : ReportKind.Closed), child.Errors());
        child.End();
        var model = new StoreModel(Seed);
        model.AdvanceTo(commits);
        return new Sample(path, model);
    }

    private static async Task<Outcome> OpenAndReadAsync(string path, Sample sample)
    {
        var store = CrashStore.Create(path);
        try
        {
            await store.OpenAsync(CancellationToken.None);
            if (store.LastCommit != sample.Model.Commit) return new Outcome(null, $"the store opened at commit {store.LastCommit} instead of {sample.Model.Commit}");
            return new Outcome(null, sample.Model.Difference(store));
        }
        catch (RqmlException error)
        {
            return new Outcome(error.GetType().Name, null);
        }
        finally
        {
            await store.DisposeAsync();
        }
    }

    private sealed record Sample(string Path, StoreModel Model);

    private sealed record Outcome(string? Error, string? Silent);

    private sealed class Tally
    {
        private readonly SortedDictionary<string, int> _errors = new(StringComparer.Ordinal);

        public int Found => _errors.Values.Sum();

        public int Harmless { get; private set; }

        public void Count(string? error)
        {
            if (error is null) Harmless++;
            else _errors[error] = _errors.GetValueOrDefault(error) + 1;
        }

        public override string ToString() => $"{Harmless} harmless, {string.Join(", ", _errors.Select(error => $"{error.Value} {error.Key}"))}";
    }
}
