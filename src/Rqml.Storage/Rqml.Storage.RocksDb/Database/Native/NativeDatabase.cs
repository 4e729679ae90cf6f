using System.Runtime.InteropServices.Marshalling;
using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>An open database and its column families. Iterators and snapshots of it have to be gone before it is disposed.</summary>
/// <remarks>
/// None of these owners has a finalizer: it could run while another object still reads. A store that nobody disposes keeps its database until the process ends.
/// </remarks>
internal sealed unsafe class NativeDatabase : IDisposable
{
    private readonly ColumnFamily[] _families;

    private NativeDatabase(rocksdb_t* handle, ColumnFamily[] families)
    {
        Handle = handle;
        _families = families;
    }

    public rocksdb_t* Handle { get; private set; }

    /// <summary>The families in the order of their names at opening.</summary>
    public ReadOnlySpan<ColumnFamily> Families => _families;

    /// <summary>Opens all families of a database; the options may be disposed afterwards.</summary>
    /// <exception cref="RocksDbException">RocksDB refuses.</exception>
    public static NativeDatabase Open(string path, NativeOptions options, IReadOnlyList<(string Name, NativeOptions Options)> families)
    {
        var count = families.Count;
        var names = stackalloc byte*[count];
        var settings = stackalloc rocksdb_options_t*[count];
        var handles = stackalloc rocksdb_column_family_handle_t*[count];
        byte* folder = null;
        byte* error = null;
        try
        {
            folder = Utf8StringMarshaller.ConvertToUnmanaged(path);
            for (var i = 0; i < count; i++)
            {
                names[i] = Utf8StringMarshaller.ConvertToUnmanaged(families[i].Name);
                settings[i] = families[i].Options.Handle;
            }

            var database = rocksdb_open_column_families(options.Handle, folder, count, names, settings, handles, &error);
            RocksDbException.ThrowIf(error);
            var opened = new ColumnFamily[count];
            for (var i = 0; i < count; i++) opened[i] = new ColumnFamily(handles[i]);
            return new NativeDatabase(database, opened);
        }
        finally
        {
            for (var i = 0; i < count; i++) Utf8StringMarshaller.Free(names[i]);
            Utf8StringMarshaller.Free(folder);
        }
    }

    public void Dispose()
    {
        if (Handle == null) return;
        foreach (var family in _families) rocksdb_column_family_handle_destroy(family.Handle);
        rocksdb_close(Handle);
        Handle = null;
    }
}
