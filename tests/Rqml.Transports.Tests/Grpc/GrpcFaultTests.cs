using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Transports.Grpc;

namespace Rqml.Transports.Tests.Grpc;

public sealed class GrpcFaultTests : FaultContract
{
    private readonly List<GrpcTransport> _transports = [];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var transport in _transports) await transport.DisposeAsync();
    }

    protected override ITransport Create()
    {
        var transport = new GrpcTransport(new GrpcOptions());
        _transports.Add(transport);
        return transport;
    }

    protected override Uri NewAddress() => new($"grpc://127.0.0.1:{FreePort.Next()}/");

    internal override Route RouteTo(Uri front, Uri back) => Route.Tcp(front.Port, back.Port);
}
