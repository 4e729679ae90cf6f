using System.Buffers;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;

namespace Rqml.AspNetCore.Tasks;

/// <summary>
/// Writes server-sent events as they come, and a comment wherever none has come for a while: proxies keep a connection over which something goes, and what is written is
/// what finds out that nobody is there any more. A reader that takes nothing for long is given up.
/// </summary>
/// <param name="body">Where to; its flush waits for the reader.</param>
/// <param name="keepAlive">After how long a comment is due.</param>
/// <param name="time">Says so.</param>
internal sealed class EventWriter(Stream body, TimeSpan keepAlive, TimeProvider time)
{
    /// <summary>Comments that a reader may owe: with the usual fifteen seconds it has a minute.</summary>
    private const int Patience = 4;

    private static readonly byte[] Comment = ":\n\n"u8.ToArray();
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <param name="events">What to write.</param>
    /// <param name="giveUp">Closes the connection under a reader that takes nothing: the flush that waits for it ends.</param>
    /// <param name="ends">Ends <paramref name="events"/>.</param>
    public async Task WriteAsync(IAsyncEnumerable<SseItem<string>> events, Action giveUp, CancellationTokenSource ends)
    {
        var reader = events.GetAsyncEnumerator(ends.Token);
        var next = reader.MoveNextAsync().AsTask();
        try
        {
            var isThere = true;
            while (isThere)
            {
                if (!await ComesInTimeAsync(next).ConfigureAwait(false))
                {
                    isThere = await TrySendAsync(Comment, giveUp).ConfigureAwait(false);
                    continue;
                }

                if (!await next.ConfigureAwait(false)) return;
                isThere = await TrySendAsync(Format(reader.Current), giveUp).ConfigureAwait(false);
                next = reader.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await ends.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);      // it is read no more, and a reader is disposed of only between two events
            await reader.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<bool> ComesInTimeAsync(Task<bool> next)
    {
        try
        {
            await next.WaitAsync(keepAlive, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException) when (!next.IsCompleted)
        {
            return false;
        }
    }

    /// <summary>False where the reader has taken nothing for so long that nobody waits for it any more.</summary>
    private async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, Action giveUp)
    {
        var sent = SendAsync(bytes);
        try
        {
            await sent.WaitAsync(keepAlive * Patience, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException) when (!sent.IsCompleted)
        {
            giveUp();
            await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);      // the connection is closed, however the server says so
            return false;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await body.WriteAsync(bytes).ConfigureAwait(false);
        await body.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>As the standard of HTML has it. Data is JSON without a line break, and so are the names: nothing has to be split.</summary>
    private ReadOnlyMemory<byte> Format(in SseItem<string> item)
    {
        _buffer.ResetWrittenCount();
        Line("event: ", item.EventType);
        if (item.EventId is { } id) Line("id: ", id);
        if (item.ReconnectionInterval is { } interval) Line("retry: ", ((long)interval.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        Line("data: ", item.Data);
        _buffer.Write("\n"u8);
        return _buffer.WrittenMemory;
    }

    private void Line(string field, string value)
    {
        Encoding.UTF8.GetBytes(field, _buffer);
        Encoding.UTF8.GetBytes(value, _buffer);
        _buffer.Write("\n"u8);
    }
}
