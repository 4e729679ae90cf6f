using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Rqml.Benchmarks.Ratios;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Benchmarks.Messaging;

/// <summary>One message there and back at a time: how long each takes over links, and over a raw connection to the same process.</summary>
internal static class RoundTrip
{
    private const int Trips = 20_000;
    private const int Rounds = 5;
    private const int Bytes = 1 << 10;

    public static async Task<Figure> MeasureAsync(string transport, double mostRatio)
    {
        var folder = Directory.CreateTempSubdirectory("rqml-").FullName;
        var answered = new SemaphoreSlim(0);
        await using var node = await Node.StartAsync("near", Wire.Named(transport).Create(folder), _ => answered.Release());
        using var far = await Far.StartAsync(Echo.Word, transport, folder, node.Peer.Endpoint, "0");
        var to = Node.PeerAt("far", far.Endpoint);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, far.RawPort));
        using var raw = new RawLink(socket);
        _ = raw.ReceiveAsync(_ => answered.Release());
        var message = new byte[Bytes];
        var (floors, links) = (new List<double[]>(), new List<double[]>());
        for (var round = 0; round < Rounds; round++)
        {
            floors.Add(await TripsAsync(number => raw.SendAsync(message)));
            links.Add(await TripsAsync(number => node.Links.TrySend(to, FabricChannel.TaskInbound, 0, default, new WrittenContent(message)) ? ValueTask.CompletedTask : throw new InvalidOperationException("no room")));
        }

        var ratio = links.Zip(floors, (link, floor) => At(link, 0.5) / At(floor, 0.5)).Order().ElementAt(Rounds / 2);
        Directory.Delete(folder, recursive: true);
        return new Figure(
            FormattableString.Invariant($"p50 {ratio:0.00}× ({Median(links, 0.5):0.0} µs beside {Median(floors, 0.5):0.0} µs), p99 {Median(links, 0.99):0} µs beside {Median(floors, 0.99):0} µs"),
            ratio <= mostRatio);

        async Task<double[]> TripsAsync(Func<long, ValueTask> send)
        {
            var took = new double[Trips];
            for (var number = 1; number <= Trips; number++)
            {
                Echo.Write(message, number, isAnswered: true);
                var began = Stopwatch.GetTimestamp();
                await send(number);
                await answered.WaitAsync();
                took[number - 1] = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            }

            Array.Sort(took);
            return took;
        }
    }

    private static double At(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];

    private static double Median(List<double[]> rounds, double share) => rounds.Select(round => At(round, share)).Order().ElementAt(Rounds / 2);
}
