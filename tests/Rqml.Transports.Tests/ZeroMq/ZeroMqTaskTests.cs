using Microsoft.Extensions.DependencyInjection;
using Rqml.FaultProxy;

namespace Rqml.Transports.Tests.ZeroMq;

[Collection(ZeroMqCollection.Name)]
public sealed class ZeroMqTaskTests : TasksBetweenHostsContract
{
    protected override void Add(IRqmlBuilder rqml, string? listen) => rqml.AddZeroMq(zmq => zmq.Listen = listen ?? zmq.Listen);

    protected override string NewAddress(string node) => $"zmq://127.0.0.1:{FreePort.Next()}/";
}
