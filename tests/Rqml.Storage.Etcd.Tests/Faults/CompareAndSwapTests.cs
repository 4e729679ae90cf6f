using System.Collections.Concurrent;
using Rqml.Cluster;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Tests.Servers;
using Rqml.Testing.Exploration;

namespace Rqml.Storage.Etcd.Tests.Faults;

/// <summary>
/// Contenders swap one key while servers are killed, held still and compacted, and answers are swallowed on the way. Each try also writes a key of its own in the same
/// transaction, so that in the end the store itself says which tries have won: whoever was told otherwise was told wrongly.
/// </summary>
public sealed class CompareAndSwapTests
{
    private const string Prefix = "/swap/";
    private const string Key = Prefix + "key";
    private const string Won = Prefix + "won/";
    private const int Contenders = 4;

    private enum Told
    {
        Won,
        Lost,

        /// <summary>No answer, and read back: it has won.</summary>
        FoundWon,

        /// <summary>No answer, and read back: somebody else has written meanwhile, so that it never can win any more.</summary>
        FoundLost,

        /// <summary>No answer, and nothing has changed: it may still be on its way.</summary>
        Open,
    }

    [Theory(Timeout = 300_000)]
    [InlineData(1, 600)]
    [InlineData(3, 600)]
    public async Task No_swap_is_reported_lost_that_has_won_nor_won_that_has_lost(int members, int tries)
    {
        await using var servers = await EtcdServers.StartAsync(members);
        var told = new ConcurrentDictionary<string, (Told Told, long Revision)>();
        var left = tries;
        using var done = new CancellationTokenSource();
        var faults = BreakAsync(servers, done.Token);
        await Task.WhenAll(Enumerable.Range(0, Contenders).Select(contender => Task.Run(async () =>
        {
            await using var detour = Detour.To(servers);
            await using var store = servers.Open(options => (options.Endpoints, options.RequestTimeout) = (detour.Endpoints, TimeSpan.FromMilliseconds(400)));
            var random = new Random(contender);
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var nonce = $"{Guid.NewGuid():n}";
                told[nonce] = await TryAsync(store, detour, nonce, swallowedForMs: random.Next(5) == 0 ? random.Next(1, 600) : 0);
                await Task.Delay(random.Next(80));
            }
        })));
        await done.CancelAsync();
        var broken = await faults;

        await using var judge = servers.Open();
        var won = (await ReadAsync(judge, Won)).Entries.ToDictionary(entry => entry.Key[Won.Length..], entry => entry.ModifiedRevision);
        foreach (var (nonce, (said, revision)) in told)
        {
            switch (said)
            {
                case Told.Won or Told.FoundWon:
                    Assert.True(won.TryGetValue(nonce, out var at), $"{nonce} was told '{said}', and has not won.");
                    Assert.Equal(at, revision);
                    break;
                case Told.Lost or Told.FoundLost:
                    Assert.False(won.ContainsKey(nonce), $"{nonce} was told '{said}', and has won.");
                    break;
            }
        }

        // A run in which nothing went wrong proves nothing.
        Assert.Equal(tries, told.Count);
        var counts = told.Values.CountBy(outcome => outcome.Told).ToDictionary();
        var seen = string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}").Concat(broken.Select(fault => $"{fault.Value} x {fault.Key}")));
        Reports.Write("etcd", $"etcd, {members} member(s): {tries} swaps under faults: {seen}");
        Assert.True(counts.GetValueOrDefault(Told.Won) >= 20 && counts.GetValueOrDefault(Told.Lost) >= 10 && counts.GetValueOrDefault(Told.FoundWon) >= 20 && counts.GetValueOrDefault(Told.FoundLost) >= 1, seen);
        Assert.All(broken, fault => Assert.True(fault.Value >= 2, seen));
    }

    /// <param name="store">The contender's.</param>
    /// <param name="detour">What its connections go through.</param>
    /// <param name="nonce">Names the try.</param>
    /// <param name="swallowedForMs">How long answers are swallowed from the commit on, after which the connections end: before the contender gives up, or after it; 0: not at all.</param>
    private static async Task<(Told Told, long Revision)> TryAsync(EtcdCoordinationStore store, Detour detour, string nonce, int swallowedForMs)
    {
        var before = (await ReadAsync(store, Key)).Find(Key);
        Compare compare = before is null ? new Compare.Absent(Key) : new Compare.ModifiedAt(Key, before.ModifiedRevision);
        var transaction = new CoordinationTransaction([compare], [new Change.Put(Key, Bytes(nonce)), new Change.Put(Won + nonce, default)]);
        var swallowing = swallowedForMs > 0 ? SwallowAsync(detour, swallowedForMs) : Task.CompletedTask;
        try
        {
            var result = await store.CommitAsync(transaction, CancellationToken.None);
            return (result.Succeeded ? Told.Won : Told.Lost, result.Revision);
        }
        catch (CoordinationUnavailableException)
        {
            await swallowing;
            var now = await ReadAsync(store, Prefix);
            if (now.Find(Won + nonce) is { } mine) return (Told.FoundWon, mine.ModifiedRevision);
            return (now.Find(Key)?.ModifiedRevision != before?.ModifiedRevision ? Told.FoundLost : Told.Open, 0);
        }
        finally
        {
            await swallowing;
        }
    }

    private static async Task SwallowAsync(Detour detour, int timeMs)
    {
        detour.SwallowAnswers();
        await Task.Delay(timeMs);
        detour.Mend();
    }

    private static async Task<CoordinationSnapshot> ReadAsync(EtcdCoordinationStore store, string prefix)
    {
        while (true)
        {
            try
            {
                return await store.ReadAsync(prefix, CancellationToken.None);
            }
            catch (CoordinationUnavailableException)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>One fault after the other, until it is enough; then all is whole again. What was done, and how often.</summary>
    private static async Task<Dictionary<string, int>> BreakAsync(EtcdServers servers, CancellationToken enough)
    {
        var random = new Random(7);
        var done = new Dictionary<string, int> { ["kill -9"] = 0, ["pause"] = 0, ["compaction"] = 0 };
        await using var store = servers.Open();
        using var operators = new Operator(servers);
        while (!enough.IsCancellationRequested)
        {
            var member = servers.Members[random.Next(servers.Members.Count)];
            var fault = done.MinBy(fault => fault.Value).Key;
            switch (fault)
            {
                case "kill -9":
                    await member.KillAsync();
                    await Task.Delay(random.Next(300), CancellationToken.None);
                    member.Start();
                    await servers.AnswersAsync();
                    break;
                case "pause":
                    member.Pause();
                    await Task.Delay(500 + random.Next(1_000), CancellationToken.None);
                    member.Resume();
                    await servers.AnswersAsync();
                    break;
                default:
                    await operators.CompactAsync((await ReadAsync(store, Key)).Revision);
                    break;
            }

            done[fault]++;
            await Task.Delay(400, CancellationToken.None);
        }

        return done;
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
