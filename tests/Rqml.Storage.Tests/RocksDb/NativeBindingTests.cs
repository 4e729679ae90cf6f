using System.Reflection;
using System.Runtime.InteropServices;
using Rqml.Storage.RocksDb;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.Tests.RocksDb;

/// <summary>Our way to RocksDB's C interface: it is whole, it says what RocksDB says, and it costs the collector nothing.</summary>
public sealed class NativeBindingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new(inMemory: true);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_function_that_is_declared_is_in_the_library()
    {
        var library = NativeLibrary.Load(RocksDbLibrary.Name, typeof(RocksDbFunctions).Assembly, searchPath: null);
        var functions = typeof(RocksDbFunctions).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        Assert.True(functions.Length > 60);
        Assert.Empty(functions.Where(function => !NativeLibrary.TryGetExport(library, function.Name, out _)).Select(function => function.Name));
    }

    [Fact]
    public void No_other_binding_of_RocksDB_is_shipped() =>
        Assert.Empty(Directory.EnumerateFiles(AppContext.BaseDirectory, "RocksDbSharp*", SearchOption.AllDirectories));

    [Fact]
    public void An_error_is_what_RocksDB_says_with_its_path_spelt_as_it_is()
    {
        var missing = _folder["straße"];
        var error = Assert.Throws<RocksDbException>(() => KeyValueDatabase.Open(missing, new RocksDbOptions(), create: false));
        Assert.StartsWith("Invalid argument: ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{missing}/CURRENT: does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_found_and_walked()
    {
        using var database = KeyValueDatabase.Open(_folder["db"], new RocksDbOptions(), create: true);
        using var batch = new NativeBatch();
        var family = database[StoreFamily.Task];
        batch.Put("a1"u8, "one"u8, family);
        batch.Put("a2"u8, default, family);
        batch.Put("a3"u8, "three"u8, family);
        batch.Put("b"u8, "other"u8, family);
        batch.Put(default, "empty"u8, family);
        database.WriteSynced(batch);
        using var before = database.TakeSnapshot();
        batch.Clear();
        batch.Delete("a1"u8, family);
        batch.DeleteRange("a3"u8, "a4"u8, family);
        database.WriteSynced(batch);

        Assert.Equal(Array.Empty<byte>(), Read(database, "a2"u8));
        Assert.Equal("empty"u8.ToArray(), Read(database, default));
        Assert.Null(Read(database, "a1"u8));
        Assert.Null(Read(database, "a3"u8));
        Assert.Equal(["a2"], Keys(database, "a"u8, snapshot: null));
        Assert.Equal(["a1", "a2", "a3"], Keys(database, "a"u8, before));
        Assert.Equal(["", "a2", "b"], Keys(database, default, snapshot: null));
        database.Flush();
        database.VerifyChecksums();
        Assert.Equal(["", "a2", "b"], Keys(database, default, snapshot: null));
    }

    [Fact]
    public void Writing_looking_up_and_walking_allocate_nothing()
    {
        using var database = KeyValueDatabase.Open(_folder["db"], new RocksDbOptions(), create: true);
        using var batch = new NativeBatch();
        var value = new byte[10_000];
        AllocatedByOneRound();        // the first calls look their functions up; the second round is the first that finds an entry
        AllocatedByOneRound();
        Assert.Equal(0, AllocatedByOneRound());

        long AllocatedByOneRound()
        {
            using var cursor = database.Walk(database.Own, default);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Work(database, batch, value, cursor);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static void Work(KeyValueDatabase database, NativeBatch batch, byte[] value, Cursor cursor)
    {
        batch.Clear();
        batch.Put("key"u8, value, database.Own);
        batch.Delete("other"u8, database.Own);
        KeyValueDatabase.DeleteRange(batch, database.Own, "prefix"u8);
        database.WriteUnsynced(batch);
        using (var found = database.Get(database.Own, "key"u8)) _ = found.Bytes.Length;
        using (var missing = database.Get(database.Own, "none"u8)) _ = missing.IsFound;
        while (cursor.MoveNext()) _ = cursor.Key.Length + cursor.Value.Length;
    }

    private static byte[]? Read(KeyValueDatabase database, ReadOnlySpan<byte> key)
    {
        using var value = database.Get(database[StoreFamily.Task], key);
        return value.IsFound ? value.Bytes.ToArray() : null;
    }

    private static List<string> Keys(KeyValueDatabase database, ReadOnlySpan<byte> prefix, NativeSnapshot? snapshot)
    {
        using var cursor = database.Walk(database[StoreFamily.Task], prefix, snapshot);
        var keys = new List<string>();
        while (cursor.MoveNext()) keys.Add(System.Text.Encoding.ASCII.GetString(cursor.Key));
        return keys;
    }
}
