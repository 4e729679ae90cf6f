using Rqml.Messaging;
using Rqml.Testing.Contracts;
using Rqml.Transports.Grpc;

namespace Rqml.Transports.Tests.Grpc;

public sealed class GrpcTransportTests : TransportContract
{
    protected override ITransport Create() => new GrpcTransport(new GrpcOptions());

    protected override Uri NewAddress() => new($"grpc://127.0.0.1:{FreePort.Next()}/");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await ((GrpcTransport)Transport).DisposeAsync();
    }
}
