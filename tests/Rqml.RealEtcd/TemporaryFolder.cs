namespace Rqml.RealEtcd;

/// <summary>A folder that is gone after the test; in memory where there is such a one and no other is asked for, as most tests are not about disks.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string? parent = null)
    {
        parent ??= Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"rqml-etcd-{Guid.NewGuid():n}")).FullName;
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
