using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;

namespace Rqml.Transports.Tests.Tcp;

public sealed class TcpTaskTests : TasksBetweenHostsContract
{
    protected override void Add(IRqmlBuilder rqml, string? listen) => rqml.AddTcp(tcp => tcp.Listen = listen ?? tcp.Listen);

    protected override string NewAddress(string node) => $"tcp://127.0.0.1:{FreePort.Next()}/";
}
