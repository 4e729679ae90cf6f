using System.Net.Sockets;
using Rqml.Messaging;
using Rqml.Testing.Contracts;
using Rqml.Transports.Tcp;

namespace Rqml.Transports.Tests.Tcp;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class UnixSocketTransportTests : TransportContract
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private int _addresses;

    protected override ITransport Create() => new UnixSocketTransport(new UnixSocketOptions { Folder = _folder });

    protected override Uri NewAddress() => new($"unix://{_folder}/{Interlocked.Increment(ref _addresses)}");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_socket_is_for_its_user_alone()
    {
        await using var listener = await Transport.ListenAsync(NewAddress(), CancellationToken.None);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(listener.Address.LocalPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
    }

    [Fact]
    public async Task What_a_killed_process_left_behind_is_in_nobodys_way()
    {
        var address = NewAddress();
        Directory.CreateDirectory(_folder);
        using (var killed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            killed.Bind(new UnixDomainSocketEndPoint(address.LocalPath));
            killed.Listen();
        }

        if (!File.Exists(address.LocalPath)) await File.WriteAllBytesAsync(address.LocalPath, []);
        await Assert.ThrowsAsync<ConnectionRefusedException>(async () => await Transport.ConnectAsync(address, CancellationToken.None));
        await using var listener = await Transport.ListenAsync(address, CancellationToken.None);
        await using var link = await Transport.ConnectAsync(address, CancellationToken.None);
    }

    [Fact]
    public async Task A_path_that_is_too_long_is_refused_by_name()
    {
        var address = new Uri($"unix://{_folder}/{new string('x', 200)}");
        var error = await Assert.ThrowsAsync<TransportException>(async () => await Transport.ListenAsync(address, CancellationToken.None));

        Assert.Equal(address.AbsoluteUri, error.Address);
    }
}
