using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rqml.AspNetCore.Tests;

/// <summary>A caller that says whatever it likes.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TcpClient _tcp = new() { ReceiveBufferSize = 4_096 };
    private readonly Uri _address;

    public RawClient(Uri address) => _address = address;

    public async Task SendAsync(string text)
    {
        if (!_tcp.Connected) await _tcp.ConnectAsync(IPAddress.Loopback, _address.Port);
        try
        {
            await _tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // It has been refused already; what it says is read below.
        }
    }

    /// <summary>All that comes until the server says no more for a while, or closes.</summary>
    public async Task<string> ReadAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[65_536];
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            while (await _tcp.GetStream().ReadAsync(buffer, limit.Token) is > 0 and var read)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                if (text.Length > 12 && text.ToString().Contains("\r\n0\r\n\r\n", StringComparison.Ordinal)) break;
                limit.CancelAfter(TimeSpan.FromSeconds(2));
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // Closed in the middle, or silent: what has come is the answer.
        }

        return text.ToString();
    }

    public async Task<int> ReadStatusAsync()
    {
        var buffer = new byte[12];
        using var limit = new CancellationTokenSource(Limit);
        await _tcp.GetStream().ReadExactlyAsync(buffer, limit.Token);
        return int.Parse(Encoding.UTF8.GetString(buffer)[9..], System.Globalization.CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }
}
