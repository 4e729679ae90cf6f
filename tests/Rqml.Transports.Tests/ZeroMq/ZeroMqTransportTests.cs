using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Testing.Contracts;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

[Collection(ZeroMqCollection.Name)]
public sealed class ZeroMqTransportTests : TransportContract
{
    protected override ITransport Create() => new ZeroMqTransport(new ZeroMqOptions());

    protected override Uri NewAddress() => new($"zmq://127.0.0.1:{FreePort.Next()}/");
}
