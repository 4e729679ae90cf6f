using Microsoft.Extensions.DependencyInjection;
using Rqml;
using Rqml.Transports.Tcp;

namespace TwoProcesses;

/// <summary>All in which the transports differ: where the submitter is found, and the line that adds one to either side. A worker takes any address that is free.</summary>
internal sealed record Transport(string Name, string Address, Func<IRqmlBuilder, string?, IRqmlBuilder> AddTo)
{
    public static readonly Transport[] All =
    [
        new("tcp", "tcp://127.0.0.1:7400", (rqml, listen) => rqml.AddTcp(tcp => tcp.Listen = listen ?? tcp.Listen)),
        new("unix", $"unix://{new UnixSocketOptions().Folder}/submitter", (rqml, _) => rqml.AddUnixSocket()),      // a node's socket is called after it
        new("grpc", "grpc://127.0.0.1:7401", (rqml, listen) => rqml.AddGrpc(grpc => grpc.Listen = listen ?? grpc.Listen)),
        new("zeromq", "zmq://127.0.0.1:7402", (rqml, listen) => rqml.AddZeroMq(zeroMq => zeroMq.Listen = listen ?? zeroMq.Listen)),
    ];
}
