using System.Text;
using Rqml.Storage.CrashChild;

namespace Rqml.Storage.Tests.Crashes;

/// <summary>What a store must hold after a number of commits of a <see cref="Workload"/>: a dictionary a family, nothing clever.</summary>
internal sealed class StoreModel(int seed)
{
    private readonly Workload _workload = new(seed);
    private readonly WriteBatch _batch = new();
    private readonly SortedDictionary<string, byte[]>[] _families =
        [.. Enum.GetValues<StoreFamily>().Select(_ => new SortedDictionary<string, byte[]>(StringComparer.Ordinal))];

    public long Commit { get; private set; }

    public void AdvanceTo(long commit)
    {
        Assert.True(commit >= Commit, $"the store went back from commit {Commit} to {commit}");
        while (Commit < commit)
        {
            _batch.Clear();
            _workload.Fill(_batch, ++Commit);
            foreach (var write in _batch) Apply(write);
        }
    }

    /// <summary>The model at a later commit, this one left as it is.</summary>
    public StoreModel At(long commit)
    {
        var model = new StoreModel(seed) { Commit = Commit };
        for (var family = 0; family < _families.Length; family++)
        {
            foreach (var (key, value) in _families[family]) model._families[family][key] = value;
        }

        model.AdvanceTo(commit);
        return model;
    }

    /// <summary>Null where the store holds exactly this, else the first difference. Reads everything twice: by scan and by key.</summary>
    public string? Difference(IKeyValueStore store)
    {
        foreach (var family in Enum.GetValues<StoreFamily>())
        {
            var expected = _families[(int)family];
            var found = store.Scan(family, default).ToList();
            if (found.Count != expected.Count) return $"{family} has {found.Count} entries instead of {expected.Count}";
            foreach (var (entry, (key, value)) in found.Zip(expected))
            {
                if (Latin(entry.Key) != key) return $"{family} has the key {Latin(entry.Key)} instead of {key}";
                if (!entry.Value.AsSpan().SequenceEqual(value)) return $"{family}/{key} has another value (scan)";
                if (!store.TryGet(family, entry.Key, out var read) || !read.AsSpan().SequenceEqual(value)) return $"{family}/{key} has another value (get)";
            }
        }

        return null;
    }

    private void Apply(in Write write)
    {
        var family = _families[(int)write.Family];
        var key = Latin(write.Key);
        if (write.Kind == WriteKind.Put) family[key] = write.Value.ToArray();
        else if (write.Kind == WriteKind.Delete) family.Remove(key);
        else foreach (var gone in family.Keys.Where(each => each.StartsWith(key, StringComparison.Ordinal)).ToList()) family.Remove(gone);
    }

    private static string Latin(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);
}
