using Rqml.Messaging;
using Rqml.Transports.Grpc;
using Rqml.Transports.Tcp;
using Rqml.Transports.ZeroMq;

namespace Rqml.Benchmarks.Messaging;

/// <summary>A transport by its name.</summary>
internal sealed record Wire(string Name, Func<string, ITransport> Create)
{
    public static IReadOnlyList<Wire> All { get; } =
    [
        new("tcp", _ => new TcpTransport(new TcpOptions())),
        new("unix", folder => new UnixSocketTransport(new UnixSocketOptions { Folder = folder })),
        new("grpc", _ => new GrpcTransport(new GrpcOptions())),
        new("zmq", _ => new ZeroMqTransport(new ZeroMqOptions())),
    ];

    public static Wire Named(string name) => All.Single(wire => wire.Name == name);
}
