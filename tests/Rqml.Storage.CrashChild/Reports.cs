using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Rqml.Storage.CrashChild;

/// <summary>Where a child reports. Each report is one write: the reader gets it whole, and it survives the child.</summary>
internal sealed class Reports(SafeFileHandle target) : IDisposable
{
    public const int Bytes = 1 + sizeof(long);

    private readonly FileStream _target = new(target, FileAccess.Write, bufferSize: 0);
    private readonly byte[] _report = new byte[Bytes];

    public void Say(ReportKind kind, long number)
    {
        _report[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(_report.AsSpan(1), number);
        _target.Write(_report);
    }

    public void Dispose() => _target.Dispose();
}
