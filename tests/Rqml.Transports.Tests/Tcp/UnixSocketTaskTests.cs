using Microsoft.Extensions.DependencyInjection;

namespace Rqml.Transports.Tests.Tcp;

public sealed class UnixSocketTaskTests : TasksBetweenHostsContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override void Add(IRqmlBuilder rqml, string? listen) => rqml.AddUnixSocket(unix => unix.Folder = _folder);

    protected override string NewAddress(string node) => $"unix://{_folder}/{node}";
}
