namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>A file's synced content, and what has happened to it since.</summary>
internal sealed class SimulatedFile(byte[] content)
{
    private const int PageBytes = 4096;

    private readonly List<DiskRecord> _pending = [];
    private byte[] _content = content;
    private int _length = content.Length;

    public int Pending => _pending.Count;

    public void Change(in DiskRecord record) => _pending.Add(record);

    public void Sync()
    {
        foreach (var record in _pending) Apply(record, 0, record.Data.Length);
        _pending.Clear();
    }

    /// <summary>What a power cut may leave: all that was synced, and any pages of what was written after that.</summary>
    public byte[] Lose(Random random)
    {
        var left = new SimulatedFile(_content[.._length]);
        var kept = random.Next(4) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        foreach (var record in _pending)
        {
            if (record.Kind == 'T' && random.NextDouble() < kept) left.Apply(record, 0, 0);
            for (var from = 0; record.Kind == 'W' && from < record.Data.Length;)
            {
                var to = (int)Math.Min(record.Data.Length, from + PageBytes - ((record.At + from) % PageBytes));
                if (random.NextDouble() < kept) left.Apply(record, from, to);
                from = to;
            }
        }

        return left._content[..left._length];
    }

    private void Apply(in DiskRecord record, int from, int to)
    {
        if (record.Kind == 'T')
        {
            Grow((int)record.At);
            if (record.At < _length) Array.Clear(_content, (int)record.At, _length - (int)record.At);
            _length = (int)record.At;
            return;
        }

        Grow((int)record.At + to);
        record.Data.AsSpan(from, to - from).CopyTo(_content.AsSpan((int)record.At + from));
        _length = Math.Max(_length, (int)record.At + to);
    }

    private void Grow(int length)
    {
        if (length > _content.Length) Array.Resize(ref _content, Math.Max(length, 2 * _content.Length));
    }
}
