using System.Net.ServerSentEvents;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Rqml.AspNetCore.Tasks;

namespace Rqml.AspNetCore.Tests;

/// <summary>How a stream of events is written, by the host's own clock.</summary>
public sealed class EventWriterTests : IDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly Channel<SseItem<string>> _events = Channel.CreateUnbounded<SseItem<string>>();
    private readonly Reader _reader = new();
    private readonly CancellationTokenSource _ends = new();

    public void Dispose()
    {
        _ends.Dispose();
        _reader.Dispose();
    }

    [Fact]
    public async Task An_event_is_written_with_its_name_its_id_and_when_to_come_again()
    {
        var writing = Write();
        _events.Writer.TryWrite(new SseItem<string>("{\"a\":\"ü\"}", "status") { ReconnectionInterval = TimeSpan.FromSeconds(2) });
        _events.Writer.TryWrite(new SseItem<string>("{}", "iteration") { EventId = "7" });
        Assert.Equal("event: status\nretry: 2000\ndata: {\"a\":\"ü\"}\n\n", await _reader.NextAsync());
        Assert.Equal("event: iteration\nid: 7\ndata: {}\n\n", await _reader.NextAsync());
        _events.Writer.Complete();
        await writing.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_stream_that_is_idle_says_that_it_lives_and_one_that_is_not_does_not()
    {
        var writing = Write();
        _time.Advance(KeepAlive);
        Assert.Equal(":\n\n", await _reader.NextAsync());
        _time.Advance(KeepAlive / 2);
        _events.Writer.TryWrite(new SseItem<string>("{}", "iteration"));
        Assert.StartsWith("event: ", await _reader.NextAsync(), StringComparison.Ordinal);
        _time.Advance(KeepAlive * 0.75);      // of the next comment's time, not of the last one's
        _events.Writer.TryWrite(new SseItem<string>("{}", "iteration"));
        Assert.StartsWith("event: ", await _reader.NextAsync(), StringComparison.Ordinal);
        _events.Writer.Complete();
        await writing.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_is_given_up_after_four_times_that()
    {
        _reader.Stall();
        var writing = Write();
        _events.Writer.TryWrite(new SseItem<string>("{}", "iteration"));
        var beganAt = _time.GetUtcNow();
        using var limit = new CancellationTokenSource(Limit);
        while (!writing.IsCompleted && !limit.IsCancellationRequested)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await writing;
        Assert.True(_reader.IsGivenUp);
        Assert.True(_time.GetUtcNow() - beganAt >= KeepAlive * 4, $"{_time.GetUtcNow() - beganAt}");
        Assert.True(_ends.IsCancellationRequested);      // whoever makes the events makes no more
    }

    [Fact]
    public async Task A_stream_whose_reader_has_gone_ends_with_its_events()
    {
        var writing = Write();
        await _ends.CancelAsync();
        await writing.WaitAsync(Limit);

        Assert.False(_reader.IsGivenUp);
    }

    private Task Write() => new EventWriter(_reader, KeepAlive, _time).WriteAsync(ReadAsync(), _reader.GiveUp, _ends);

    private async IAsyncEnumerable<SseItem<string>> ReadAsync()
    {
        while (true)
        {
            SseItem<string> item;
            try
            {
                item = await _events.Reader.ReadAsync(_ends.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
            {
                yield break;
            }

            yield return item;
        }
    }

    /// <summary>The other end of a connection: takes what is flushed, or nothing.</summary>
    private sealed class Reader : MemoryStream
    {
        private readonly Channel<string> _taken = Channel.CreateUnbounded<string>();
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _takesNothing;

        public bool IsGivenUp => _closed.Task.IsCompleted;

        public void Stall() => _takesNothing = true;

        public void GiveUp() => _closed.TrySetResult();

        public async Task<string> NextAsync() => await _taken.Reader.ReadAsync().AsTask().WaitAsync(Limit);

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (_takesNothing) await _closed.Task;
            _taken.Writer.TryWrite(Encoding.UTF8.GetString(ToArray()));
            SetLength(0);
        }
    }
}
