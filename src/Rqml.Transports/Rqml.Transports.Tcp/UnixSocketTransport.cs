using System.Net.Sockets;
using Rqml.Messaging;

namespace Rqml.Transports.Tcp;

/// <summary>Links over Unix domain sockets: between processes of one machine and one user.</summary>
internal sealed class UnixSocketTransport(UnixSocketOptions options) : ITransport
{
    public const string SchemeName = "unix";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    public string Scheme => SchemeName;

    public TransportCapabilities Capabilities { get; } = new(SocketLink.MaxBlockBytes, IsLocal: true, IsEncrypted: false);

    public Uri AddressFor(string node, bool isOwn) => new($"{SchemeName}://{Path.Combine(Path.GetFullPath(options.Folder), node)}");

    public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            CreateFolder(Path.GetDirectoryName(address.LocalPath)!);
            return new(Listen(address));
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TransportException(address.AbsoluteUri, $"it cannot be listened at: {error.Message}", error);
        }
    }

    public ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        if (!File.Exists(address.LocalPath)) throw new ConnectionRefusedException(address.AbsoluteUri);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return SocketConnection.OpenAsync(socket, new UnixDomainSocketEndPoint(address.LocalPath), address, ConnectTimeout, cancellationToken);
    }

    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(folder) & Others) != 0) throw new IOException($"others may write into '{folder}', and could listen in our place");
            return;
        }

        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>
    /// A process that was killed leaves its socket behind. Who listens at one holds a lock beside it, which ends with the process: whoever gets the lock may take a leftover away.
    /// </summary>
    private static SocketListener Listen(Uri address)
    {
        var path = address.LocalPath;
        var held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        Socket? socket = null;
        try
        {
            File.Delete(path);
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return new SocketListener(socket, address, held);
        }
        catch
        {
            socket?.Dispose();
            held.Dispose();
            throw;
        }
    }
}
