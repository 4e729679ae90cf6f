using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Rqml.Benchmarks.Ratios;
using Rqml.Storage;
using Rqml.Storage.RocksDb;

namespace Rqml.Benchmarks.Storage;

/// <summary>Groups of writes, each durable before the next begins; beside a file to which the same bytes are appended and synced.</summary>
[MemoryDiagnoser]
public class SyncedGroups : IComparison
{
    private const int Groups = 20;
    private const int WritesEach = 32;
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
    private byte[] _value = [];
    private FileStream _file = null!;
    private RocksDbStore _store = null!;
    private long _number;

    [Params(1 << 10, 16 << 10)]
    public int ValueBytes { get; set; } = 1 << 10;

    public int Operations => Groups * WritesEach;

    [GlobalSetup]
    public async Task Setup()
    {
        _value = new byte[ValueBytes];
        new Random(1).NextBytes(_value);
        _file = new FileStream(Path.Combine(_folder, "floor"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        _store = new RocksDbStore(new RocksDbOptions { Path = Path.Combine(_folder, "store") });
        await _store.OpenAsync(CancellationToken.None);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _file.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Groups * WritesEach)]
    public Task Floor()
    {
        var group = new byte[WritesEach * (_value.Length + 8)];
        for (var number = 0; number < Groups; number++)
        {
            for (var write = 0; write < WritesEach; write++)
            {
                var record = group.AsSpan(write * (_value.Length + 8));
                BinaryPrimitives.WriteInt64BigEndian(record, ++_number);
                _value.CopyTo(record[8..]);
            }

            _file.Write(group);
            _file.Flush(flushToDisk: true);
        }

        return Task.CompletedTask;
    }

    [Benchmark(OperationsPerInvoke = Groups * WritesEach)]
    public async Task Rqml()
    {
        var batch = new WriteBatch();
        var key = new byte[8];
        for (var number = 0; number < Groups; number++)
        {
            batch.Clear();
            for (var write = 0; write < WritesEach; write++)
            {
                BinaryPrimitives.WriteInt64BigEndian(key, ++_number);
                batch.Put(StoreFamily.Outbound, key, _value);
            }

            await _store.CommitAsync(batch, CancellationToken.None);
        }

        if (!_store.TryGet(StoreFamily.Outbound, key, out var found) || !found.AsSpan().SequenceEqual(_value)) throw new InvalidOperationException("What was committed is not there.");
    }
}
