using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Cluster;

/// <summary>An etcd of one member for as long as the sample runs. A shell watches over it: where this process is gone, however it ended, etcd is too.</summary>
internal sealed class EtcdServer : IDisposable
{
    private const string UntilInputEnds = """trap '' INT; "$@" & read -r _; kill -9 $!""";
    private readonly Process _process;

    private EtcdServer(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    /// <exception cref="FileNotFoundException">There is no etcd on this machine; the message says how to get one.</exception>
    public static EtcdServer Start(string folder)
    {
        if (!IsInstalled()) throw new FileNotFoundException("There is no etcd here: apt-get install etcd-server, or say where one runs with --etcd http://HOST:PORT.");
        var (address, peers) = ($"http://127.0.0.1:{FreePort()}", $"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("sh",
        [
            "-c", UntilInputEnds, "sh", "etcd", "--data-dir", Path.Combine(folder, "etcd"), "--listen-client-urls", address, "--advertise-client-urls", address,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"default={peers}", "--logger", "zap", "--log-level", "error",
        ])
        { RedirectStandardInput = true };
        if (RuntimeInformation.OSArchitecture == Architecture.Arm64) start.Environment["ETCD_UNSUPPORTED_ARCH"] = "arm64";      // where version 3.4 wants to be told
        return new EtcdServer(Process.Start(start)!, address);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static bool IsInstalled()
    {
        try
        {
            using var version = Process.Start(new ProcessStartInfo("etcd", "--version") { RedirectStandardOutput = true })!;
            version.WaitForExit();
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
