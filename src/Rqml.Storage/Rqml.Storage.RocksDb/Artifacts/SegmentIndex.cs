using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>Digest → <see cref="RecordLocation"/>, kept in the store's own family and changed in the batch that needs the change.</summary>
internal sealed class SegmentIndex(KeyValueDatabase database)
{
    private const byte Tag = (byte)'s';
    private const int KeyBytes = 1 + Digest.Bytes;

    public bool TryGet(Digest digest, NativeReadOptions? options, out RecordLocation location)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        WriteKey(key, digest);
        using var value = options is null ? database.Get(database.Own, key) : database.Get(database.Own, key, options);
        location = value.IsFound ? RecordLocation.Read(value.Bytes) : default;
        return value.IsFound;
    }

    public void Put(NativeBatch batch, Digest digest, in RecordLocation location)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        Span<byte> value = stackalloc byte[RecordLocation.Bytes];
        WriteKey(key, digest);
        location.Write(value);
        batch.Put(key, value, database.Own);
    }

    public void Delete(NativeBatch batch, Digest digest)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        WriteKey(key, digest);
        batch.Delete(key, database.Own);
    }

    /// <exception cref="InvalidDataException">An entry is none that this store writes.</exception>
    public IEnumerable<(Digest Digest, RecordLocation Location)> All()
    {
        using var entries = database.Walk(database.Own, [Tag]);
        while (entries.MoveNext())
        {
            if (entries.Key.Length != KeyBytes) throw new InvalidDataException("a key of the segment index has the wrong length");
            yield return (Digest.Read(entries.Key[1..]), RecordLocation.Read(entries.Value));
        }
    }

    private static void WriteKey(Span<byte> key, Digest digest)
    {
        key[0] = Tag;
        digest.Write(key[1..]);
    }
}
