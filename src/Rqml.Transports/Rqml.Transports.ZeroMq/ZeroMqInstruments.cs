using System.Diagnostics.Metrics;

namespace Rqml.Transports.ZeroMq;

/// <summary>What the transport counts: the meter <c>Rqml.Transports.ZeroMq</c>.</summary>
internal static class ZeroMqInstruments
{
    public const string MeterName = "Rqml.Transports.ZeroMq";
    public const string IgnoredName = "rqml.zeromq.ignored";
    public const string SocketsName = "rqml.zeromq.sockets";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> IgnoredMessages = Meter.CreateCounter<long>(IgnoredName, "{message}", "Messages at a listening socket that belong to no link: of strangers, of links that have ended, or beyond what waits to be accepted.");

    private static readonly UpDownCounter<long> Sockets = Meter.CreateUpDownCounter<long>(SocketsName, "{socket}", "Sockets of ZeroMQ that are open, each with a thread of its own.");

    public static void SocketOpened() => Sockets.Add(1);

    public static void SocketClosed() => Sockets.Add(-1);

    public static void Ignored() => IgnoredMessages.Add(1);
}
