using Rqml.FaultProxy;
using Rqml.Messaging;
using Rqml.Transports.Tcp;

namespace Rqml.Transports.Tests.Tcp;

public sealed class TcpFaultTests : FaultContract
{
    protected override ITransport Create() => new TcpTransport(new TcpOptions());

    protected override Uri NewAddress() => new($"tcp://127.0.0.1:{FreePort.Next()}/");

    internal override Route RouteTo(Uri front, Uri back) => Route.Tcp(front.Port, back.Port);
}
