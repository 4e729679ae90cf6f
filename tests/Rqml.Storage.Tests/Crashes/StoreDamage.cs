namespace Rqml.Storage.Tests.Crashes;

/// <summary>One random damage to one random file of a store.</summary>
/// <param name="Kind">Kind of the file.</param>
/// <param name="What">What was done to it.</param>
internal sealed record StoreDamage(string Kind, string What)
{
    public static StoreDamage Inflict(string store, Random random)
    {
        // First the kind, so that the many tables do not take all the hits.
        var files = Directory.EnumerateFiles(store, "*", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).Length > 0 && KindOf(path) != "other")
            .Order(StringComparer.Ordinal)
            .ToLookup(KindOf);
        var kinds = files.Select(each => each.Key).Order(StringComparer.Ordinal).ToList();
        var kind = kinds[random.Next(kinds.Count)];
        var candidates = files[kind].ToList();
        var path = candidates[random.Next(candidates.Count)];
        return new StoreDamage(kind, $"{Path.GetFileName(path)}: {Damage(path, random)}");
    }

    private static string Damage(string path, Random random)
    {
        var bytes = File.ReadAllBytes(path);
        var at = random.Next(bytes.Length);
        switch (random.Next(20))
        {
            case < 13:
                var bit = random.Next(8);
                bytes[at] ^= (byte)(1 << bit);
                File.WriteAllBytes(path, bytes);
                return $"bit {bit} of byte {at} of {bytes.Length} flipped";
            case < 17:
                File.WriteAllBytes(path, bytes[..at]);
                return $"cut from {bytes.Length} to {at} bytes";
            case < 19:
                var sector = bytes.AsSpan(at & ~511, Math.Min(512, bytes.Length - (at & ~511)));
                sector.Clear();
                File.WriteAllBytes(path, bytes);
                return $"512 bytes at {at & ~511} of {bytes.Length} zeroed";
            default:
                File.Delete(path);
                return "deleted";
        }
    }

    private static string KindOf(string path) => (Path.GetFileName(path), Path.GetExtension(path)) switch
    {
        ("highwater", _) => "highwater",
        ("CURRENT", _) => "CURRENT",
        (var name, _) when name.StartsWith("MANIFEST", StringComparison.Ordinal) => "MANIFEST",
        (_, ".log") => "WAL",
        (_, ".sst") => "table",
        (_, ".segment") => "segment",
        ("LOCK" or "LOG" or "LOG.old", _) => "other",
        _ => "rest",        // OPTIONS, IDENTITY
    };
}
