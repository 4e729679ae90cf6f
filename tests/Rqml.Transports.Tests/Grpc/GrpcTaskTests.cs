using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;

namespace Rqml.Transports.Tests.Grpc;

public sealed class GrpcTaskTests : TasksBetweenHostsContract
{
    protected override void Add(IRqmlBuilder rqml, string? listen) => rqml.AddGrpc(grpc => grpc.Listen = listen ?? grpc.Listen);

    protected override string NewAddress(string node) => $"grpc://127.0.0.1:{FreePort.Next()}/";
}
