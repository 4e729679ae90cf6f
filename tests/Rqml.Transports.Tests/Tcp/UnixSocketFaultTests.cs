using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Transports.Tcp;

namespace Rqml.Transports.Tests.Tcp;

public sealed class UnixSocketFaultTests : FaultContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private int _addresses;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override ITransport Create() => new UnixSocketTransport(new UnixSocketOptions { Folder = _folder });

    protected override Uri NewAddress() => new($"unix://{_folder}/{Interlocked.Increment(ref _addresses)}");

    internal override Route RouteTo(Uri front, Uri back) => Route.Unix(front.LocalPath, back.LocalPath);
}
