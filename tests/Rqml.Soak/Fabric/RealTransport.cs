using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Transports.Grpc;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Soak.Fabric;

/// <summary>A transport as the soak needs it: by its name, between processes, and with a proxy in the middle.</summary>
internal sealed record RealTransport(string Name, Func<ITransport> Create, Action<IRqmlBuilder, string> AddTo)
{
    /// <summary>Every transport that leaves the process.</summary>
    public static IReadOnlyList<RealTransport> All { get; } =
    [
        new("tcp", () => new TcpTransport(new TcpOptions()), (rqml, listen) => rqml.AddTcp(options => options.Listen = listen)),
        new("unix", () => new UnixSocketTransport(new UnixSocketOptions()), (rqml, listen) => rqml.AddUnixSocket(options => options.Folder = Path.GetDirectoryName(new Uri(listen).LocalPath)!)),
        new("grpc", () => new GrpcTransport(new GrpcOptions()), (rqml, listen) => rqml.AddGrpc(options => options.Listen = listen)),
        new("zmq", () => new ZeroMqTransport(new ZeroMqOptions()), (rqml, listen) => rqml.AddZeroMq(options => options.Listen = listen)),
    ];

    /// <summary>The one that serves the address.</summary>
    public static RealTransport Of(string address) => Named(new Uri(address).Scheme);

    public static RealTransport Named(string name) => All.FirstOrDefault(transport => transport.Name == name) ?? throw new ArgumentException($"There is no transport '{name}'; there are {string.Join(", ", All.Select(transport => transport.Name))}.");

    /// <summary>An address of this machine where nobody listens.</summary>
    public Uri NewAddress(string folder, string node) => Name == "unix" ? new Uri($"unix://{Path.Combine(folder, node)}") : new Uri($"{Name}://127.0.0.1:{FreePort.Next()}/");

    /// <summary>From where a proxy listens to where a node does.</summary>
    public Route RouteTo(Uri front, Uri back) => Name == "unix" ? Route.Unix(front.LocalPath, back.LocalPath) : Route.Tcp(front.Port, back.Port);
}
