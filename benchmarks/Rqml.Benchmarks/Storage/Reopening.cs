using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Storage;
using Rqml.Storage.RocksDb;

namespace Rqml.Benchmarks.Storage;

/// <summary>How long a store takes to open after the process that wrote to it was killed; what was said to be durable is there.</summary>
internal static class Reopening
{
    private const int Kills = 20;
    private const double MostMs = 1_000;
    private const int ValueBytes = 16 << 10;
    private static readonly TimeSpan WriteFor = TimeSpan.FromMilliseconds(500);

    public static async Task<Figure> MeasureAsync()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
        try
        {
            var took = new List<double>(Kills);
            var missing = 0;
            for (var kill = 0; kill < Kills; kill++)
            {
                var durable = await WriteUntilKilledAsync(folder);
                var began = Stopwatch.GetTimestamp();
                await using var store = new RocksDbStore(new RocksDbOptions { Path = folder });
                await store.OpenAsync(CancellationToken.None);
                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (durable >= 0 && !store.TryGet(StoreFamily.Outbound, KeyOf(durable), out _)) missing++;
            }

            took.Sort();
            var bytes = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
            return new Figure(
                FormattableString.Invariant($"{Kills} kills, {bytes >> 20} MiB at the end: p50 {took[Kills / 2]:0} ms, slowest {took[^1]:0} ms; {missing} durable writes missing"),
                took[^1] <= MostMs && missing == 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the child does: commits one value after another, and says which is durable.</summary>
    public static async Task WriteAsync(string folder)
    {
        await using var store = new RocksDbStore(new RocksDbOptions { Path = folder });
        await store.OpenAsync(CancellationToken.None);
        var value = new byte[ValueBytes];
        new Random(1).NextBytes(value);
        var batch = new WriteBatch();
        for (var number = 0L; ; number++)
        {
            batch.Clear();
            batch.Put(StoreFamily.Outbound, KeyOf(number), value);
            await store.CommitAsync(batch, CancellationToken.None);
            await Console.Out.WriteLineAsync(FormattableString.Invariant($"{number}"));
        }
    }

    private static async Task<long> WriteUntilKilledAsync(string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Reopening).Assembly.Location, "write-store", folder]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("The child did not start.");
        var (durable, began) = (-1L, 0L);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            durable = long.Parse(line, System.Globalization.CultureInfo.InvariantCulture);
            if (began == 0) began = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(began) >= WriteFor) process.Kill();
        }

        await process.WaitForExitAsync();
        return durable;
    }

    private static byte[] KeyOf(long number)
    {
        var key = new byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }
}
