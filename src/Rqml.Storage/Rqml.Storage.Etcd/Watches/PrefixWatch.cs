using System.Security.Cryptography;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;

namespace Rqml.Storage.Etcd.Watches;

/// <summary>
/// Follows a prefix: reads it, applies the changes that a stream tells from the next revision on, and begins anew from a read whenever the stream ends, its
/// history was compacted, or a minute has passed. Whoever is slow sees the newest state, and misses those between.
/// </summary>
/// <remarks>Changes are applied rather than the prefix read again for each: with 100 nodes watching, one write would else cost 100 reads of everything.</remarks>
internal sealed partial class PrefixWatch : IAsyncDisposable
{
    /// <summary>How long a watch bridges a store that does not answer before it says so.</summary>
    public static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly EtcdClient _client;
    private readonly PrefixReader _reader;
    private readonly KeyRange _range;
    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop;
    private readonly Channel<PrefixState> _states = Channel.CreateBounded<PrefixState>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
    private PrefixState? _told;
    private long _failingSince;      // of meaning where _failures > 0
    private int _failures;      // since the prefix was last read and followed

    private PrefixWatch(EtcdClient client, PrefixReader reader, KeyRange range, EtcdOptions options, TimeProvider time, ILogger logger, CancellationToken closing)
    {
        (_client, _reader, _range, _options, _time, _logger) = (client, reader, range, options, time, logger);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(closing);
        Running = Task.CompletedTask;
    }

    /// <summary>Ends when the watch does.</summary>
    public Task Running { get; private set; }

    public ChannelReader<PrefixState> States => _states.Reader;

    public static PrefixWatch Start(EtcdClient client, PrefixReader reader, KeyRange range, EtcdOptions options, TimeProvider time, ILogger logger, CancellationToken closing)
    {
        var watch = new PrefixWatch(client, reader, range, options, time, logger, closing);
        watch.Running = Task.Run(watch.RunAsync, CancellationToken.None);
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true) await ListAndFollowAsync().ConfigureAwait(false);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            _states.Writer.Complete();
        }
        catch (Exception error)
        {
            _states.Writer.Complete(error);      // whoever reads the watch gets it
        }
    }

    /// <summary>Returns when it is to be done again.</summary>
    private async Task ListAndFollowAsync()
    {
        try
        {
            var state = PrefixState.Of(await _reader.ReadAsync(_range, _stop.Token).ConfigureAwait(false));
            if (_told is not null && state.Revision < _told.Revision) throw new StoreWentBackException(_told.Revision, state.Revision);
            if (_told is null || !state.HoldsTheSameAs(_told)) Tell(state);
            else _told = state;
            _failingSince = _time.GetTimestamp();      // it answers: what fails from here on is no outage
            await FollowAsync(state).ConfigureAwait(false);
            _failures = 0;
        }
        catch (StoreWentBackException error)
        {
            throw new CoordinationUnavailableException(_client.Name, error.Message, error);
        }
        catch (Exception error) when (!_stop.IsCancellationRequested && IsPassing(error))
        {
            var cause = Failure.Of(error, late: null).Cause;
            if (_failures++ == 0)
            {
                _failingSince = _time.GetTimestamp();
                Log.Interrupted(_logger, _client.Name, cause);
            }

            if (_time.GetElapsedTime(_failingSince) >= LongestOutage) throw error as CoordinationUnavailableException ?? new CoordinationUnavailableException(_client.Name, cause, error);
            await Task.Delay(Pause(_failures), _time, _stop.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Applies what the stream tells, until its history is gone or it is time to read again.</summary>
    private async Task FollowAsync(PrefixState state)
    {
        using var period = new CancellationTokenSource(_options.RelistEvery, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, period.Token);
        var endpoint = _client.Endpoints.Current;
        try
        {
            using var stream = await _client.OpenWatchAsync(endpoint, limit.Token).ConfigureAwait(false);
            await BeginAsync(stream, state.Revision + 1, limit.Token).ConfigureAwait(false);
            while (true)
            {
                var changes = await ChangesAsync(stream, limit.Token).ConfigureAwait(false);
                state = state.After(changes, _range);
                _failures = 0;
                if (changes.Count > 0) Tell(state);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException && period.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            // A minute has passed.
        }
        catch (CompactedException)
        {
            Log.Compacted(_logger, _client.Name, state.Revision);
            await Task.Delay(Pause(failures: 1), _time, _stop.Token).ConfigureAwait(false);      // whoever always says so is not asked without a pause
        }
        catch (Exception error) when (IsPassing(error) && !_stop.IsCancellationRequested)
        {
            _client.Endpoints.Failed(endpoint, Failure.Of(error, late: null));
            throw;
        }
    }

    /// <summary>Returns once the server has said that the watch stands: from then on silence means that nothing has changed.</summary>
    private async Task BeginAsync(WatchStream stream, long from, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await stream.CreateAsync(new WatchCreateRequest { Key = _range.First, RangeEnd = _range.End, StartRevision = from, Fragment = true }, limit.Token).ConfigureAwait(false);
            if (await NextAsync(stream, limit.Token).ConfigureAwait(false) is not { Created: true }) throw new InvalidAnswerException("changes before the watch was made");
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException && late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            stream.ReplaceConnection();
            throw new IOException($"no watch within {_options.RequestTimeout.TotalSeconds} s");
        }
    }

    /// <summary>Changes up to the end of a revision: what is long comes in parts, and a part may end within a transaction.</summary>
    private async Task<IReadOnlyList<Event>> ChangesAsync(WatchStream stream, CancellationToken cancellationToken)
    {
        var part = await NextAsync(stream, cancellationToken).ConfigureAwait(false);
        if (!part.Fragment) return part.Events;
        List<Event> changes = [.. part.Events];
        for (long bytes = part.CalculateSize(); part.Fragment; bytes += part.CalculateSize())
        {
            if (bytes > PrefixReader.MaxBytes) throw new InvalidAnswerException($"more than {PrefixReader.MaxBytes} bytes of changes at once");
            part = await NextAsync(stream, cancellationToken).ConfigureAwait(false);
            changes.AddRange(part.Events);
        }

        return changes;
    }

    private async Task<WatchResponse> NextAsync(WatchStream stream, CancellationToken cancellationToken)
    {
        if (await stream.NextAsync(cancellationToken).ConfigureAwait(false) is not { } part) throw new IOException("the server has ended the stream");
        if (part.CompactRevision > 0) throw new CompactedException();
        if (part.Canceled)
        {
            stream.ForgetToken();
            throw new IOException($"the server has ended the watch: {part.CancelReason}");
        }

        _client.Endpoints.Answered(stream.Endpoint, part.Header);
        return part;
    }

    private void Tell(PrefixState state)
    {
        _told = state;
        _states.Writer.TryWrite(state);
    }

    /// <summary>Whether it may be over when the prefix is read again; if not, that read says so.</summary>
    private static bool IsPassing(Exception error) =>
        error is CoordinationUnavailableException or RpcException or InvalidAnswerException or OtherClusterException or IOException or OperationCanceledException;

    /// <summary>Exponential, and each watch at its own time: a server that comes back is not met by all at once.</summary>
    private static TimeSpan Pause(int failures)
    {
        var longest = Math.Min(LongestPause.TotalMilliseconds, ShortestPause.TotalMilliseconds * (1 << Math.Min(failures, 10)));
        return TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)(longest / 2), (int)longest));
    }

    private sealed class CompactedException : Exception;

    /// <summary>A store that was restored from a backup: whoever watched has to hear of it.</summary>
    private sealed class StoreWentBackException(long from, long to) : Exception($"it went back from revision {from} to {to}: it was restored from a backup");
}
