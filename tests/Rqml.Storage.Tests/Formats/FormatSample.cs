using System.Text;

namespace Rqml.Storage.Tests.Formats;

/// <summary>What the committed store of each format holds. Never to be changed: the stores were written with it.</summary>
internal static class FormatSample
{
    public const int Commits = 5;

    public static IEnumerable<(StoreFamily Family, byte[] Key, byte[] Value)> EntriesOf(int commit)
    {
        foreach (var family in Enum.GetValues<StoreFamily>()) yield return (family, Text($"{family}/{commit}"), Text($"value {commit} of {family}"));
        yield return (StoreFamily.Artifact, Text($"text/{commit}"), Text(string.Join('\n', Enumerable.Range(0, 200).Select(line => $"line {line} of iteration {commit}"))));
        if (commit == 2) yield return (StoreFamily.Artifact, Text($"large/{commit}"), Numbers(commit, 70_000));
    }

    // No System.Random: its sequence is a detail of the runtime.
    private static byte[] Numbers(int seed, int length)
    {
        var (bytes, state) = (new byte[length], (ulong)seed);
        for (var i = 0; i < length; i++)
        {
            state = unchecked((state * 6364136223846793005UL) + 1442695040888963407UL);
            bytes[i] = (byte)(state >> 56);
        }

        return bytes;
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
