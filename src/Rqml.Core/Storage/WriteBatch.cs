using System.Buffers.Binary;

namespace Rqml.Storage;

/// <summary>Changes that a store makes durable together or not at all. Reusable after <see cref="Clear"/>; not thread-safe.</summary>
/// <remarks>All operations lie one after another in a single growing buffer, so that filling a reused batch allocates nothing.</remarks>
public sealed class WriteBatch
{
    /// <summary>Longest key or prefix, in bytes. A bound lets a store name the end of every range of keys.</summary>
    public const int MaxKeyBytes = 1024;

    private const int HeaderBytes = 10;      // operation, family, key length, value length

    private byte[] _buffer;
    private int _length;

    /// <summary>An empty batch.</summary>
    public WriteBatch() : this(new byte[4096]) { }

    private WriteBatch(byte[] buffer) => _buffer = buffer;

    /// <summary>Number of operations in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the operations take, keys and values included.</summary>
    public int Bytes => _length;

    /// <summary>Sets <paramref name="key"/> to <paramref name="value"/>; an existing value is replaced.</summary>
    /// <exception cref="ArgumentException">The key is longer than <see cref="MaxKeyBytes"/>, or the family is none; so for every operation.</exception>
    public void Put(StoreFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Append(WriteKind.Put, family, key, value);

    /// <summary>Removes <paramref name="key"/>; nothing happens where it does not exist.</summary>
    public void Delete(StoreFamily family, ReadOnlySpan<byte> key) => Append(WriteKind.Delete, family, key, default);

    /// <summary>Removes every key that begins with <paramref name="prefix"/>, which may not be empty.</summary>
    public void DeletePrefix(StoreFamily family, ReadOnlySpan<byte> prefix)
    {
        if (prefix.IsEmpty) throw new ArgumentException("A prefix to delete may not be empty.", nameof(prefix));
        Append(WriteKind.DeletePrefix, family, prefix, default);
    }

    /// <summary>Adds every operation of <paramref name="other"/>, in order.</summary>
    public void Append(WriteBatch other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Reserve(other._length);
        other._buffer.AsSpan(0, other._length).CopyTo(_buffer.AsSpan(_length));
        _length += other._length;
        Count += other.Count;
    }

    /// <summary>The same operations, in no more room than they take: for whoever keeps them.</summary>
    internal WriteBatch Copy() => new(_buffer.AsSpan(0, _length).ToArray()) { _length = _length, Count = Count };

    /// <summary>Empties the batch and keeps its buffer.</summary>
    public void Clear()
    {
        _length = 0;
        Count = 0;
    }

    /// <summary>The operations in the order in which they were added. The spans are valid until the batch changes.</summary>
    public Enumerator GetEnumerator() => new(_buffer.AsSpan(0, _length));

    private void Append(WriteKind kind, StoreFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length > MaxKeyBytes) throw new ArgumentException($"A key has at most {MaxKeyBytes} bytes; this one has {key.Length}.", nameof(key));
        if ((uint)family > (uint)StoreFamily.Outbound) throw new ArgumentOutOfRangeException(nameof(family), family, "There is no such family.");
        Reserve(checked(HeaderBytes + key.Length + value.Length));
        var target = _buffer.AsSpan(_length);
        target[0] = (byte)kind;
        target[1] = (byte)family;
        BinaryPrimitives.WriteInt32LittleEndian(target[2..], key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[6..], value.Length);
        key.CopyTo(target[HeaderBytes..]);
        value.CopyTo(target[(HeaderBytes + key.Length)..]);
        _length += HeaderBytes + key.Length + value.Length;
        Count++;
    }

    private void Reserve(int bytes)
    {
        var needed = checked(_length + bytes);
        if (needed > _buffer.Length) Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)needed, _buffer.Length * 2L)));
    }

    /// <summary>Walks the operations without allocating.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> operations) => _rest = operations;

        /// <summary>The operation under the cursor.</summary>
        public Write Current { get; private set; }

        /// <summary>Moves to the next operation; false after the last.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            var key = BinaryPrimitives.ReadInt32LittleEndian(_rest[2..]);
            var value = BinaryPrimitives.ReadInt32LittleEndian(_rest[6..]);
            Current = new Write((WriteKind)_rest[0], (StoreFamily)_rest[1], _rest.Slice(HeaderBytes, key), _rest.Slice(HeaderBytes + key, value));
            _rest = _rest[(HeaderBytes + key + value)..];
            return true;
        }
    }
}
