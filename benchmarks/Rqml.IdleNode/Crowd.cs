using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rqml.IdleNode;

/// <summary>Callers that ask one after the other over connections that stay; bare sockets, so that the machine's time is the server's.</summary>
internal sealed class Crowd(string url)
{
    private const int Callers = 16;
    private static readonly byte[] Body = Encoding.ASCII.GetBytes(Shop.Answer);
    private static readonly byte[] Request = "GET /quote HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray();

    /// <summary>Waits until the server is up.</summary>
    public async Task WaitAsync()
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await AskAsync(TimeSpan.FromMilliseconds(100));
                return;
            }
            catch (SocketException) when (tries < 300)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Requests a second.</summary>
    public async Task<double> AskAsync(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var answered = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync(clock, time)));
        return answered.Sum() / clock.Elapsed.TotalSeconds;
    }

    private async Task<long> CallAsync(Stopwatch clock, TimeSpan time)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(url).Port);
        var answer = new byte[1_024];
        var answered = 0L;
        while (clock.Elapsed < time)
        {
            await socket.SendAsync(Request);
            for (var length = 0; !answer.AsSpan(0, length).EndsWith(Body);)
            {
                if (await socket.ReceiveAsync(answer.AsMemory(length)) is > 0 and var received) length += received;
                else throw new InvalidOperationException("The server closed a connection.");
            }

            answered++;
        }

        return answered;
    }
}
