using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Storage.RocksDb.Scans;

namespace Rqml.Storage.RocksDb;

/// <summary>
/// A store in a local folder: RocksDB for what is small, segment files for large artifacts, and a high-water mark that notices when the disk has
/// lost what it had confirmed. It survives kill -9 and power cuts at every moment.
/// </summary>
/// <remarks>
/// Reads are thread-safe; one caller commits at a time. A commit runs on a thread of the store's own and ends when it is on disk: one sync of the
/// log and one of the mark, and one of a segment if it holds large artifacts. A scan can be read once.
/// </remarks>
[DebuggerDisplay("{Name}")]
public sealed partial class RocksDbStore : IKeyValueStore
{
    private readonly RocksDbOptions _options;
    private readonly StoreTuning _tuning;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _lifecycle = new(1, 1);
    private readonly OpenScans _scans = new();
    private volatile OpenStore? _open;
    private volatile StoreFailedException? _failure;
    private volatile bool _isDisposed;
    private CommitLane? _commits;

    /// <param name="options">Where and how; checked here.</param>
    /// <param name="logger">Where the store reports to its operator.</param>
    /// <exception cref="OptionsValidationException">An option is out of range.</exception>
    public RocksDbStore(RocksDbOptions options, ILogger<RocksDbStore>? logger = null) : this(options, StoreTuning.Default, logger) { }

    internal RocksDbStore(RocksDbOptions options, StoreTuning tuning, ILogger? logger = null)
    {
        var validation = new RocksDbOptionsValidator().Validate(null, options);
        if (validation.Failed) throw new OptionsValidationException(nameof(RocksDbOptions), typeof(RocksDbOptions), validation.Failures);
        _options = options;
        _tuning = tuning;
        _logger = logger ?? NullLogger.Instance;
        Name = Path.GetFullPath(options.Path);
    }

    /// <summary>The store's folder.</summary>
    public string Name { get; }

    /// <summary>What was lost and accepted when the store opened (<see cref="RocksDbOptions.AcceptRegression"/>); null where nothing was.</summary>
    public StoreRegression? Regression { get; private set; }

    /// <summary>Number of the last commit; 0 in a new store.</summary>
    public long LastCommit => Opened().LastCommit;

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_open is not null) throw new InvalidOperationException($"The store '{Name}' is open already.");
            var started = Stopwatch.GetTimestamp();
            var opening = new StoreOpening(Name, _options, _tuning);
            var opened = await Task.Run(opening.Open, cancellationToken).ConfigureAwait(false);
            Regression = opening.Regression;
            _commits = new CommitLane("rqml-commit", Commit, Housekeep);
            _open = opened;
            if (opening.Disarmed is { } disarmed) Log.LogEnded(_logger, Name, disarmed);
            if (Regression is { } lost) Log.RegressionAccepted(_logger, Name, lost.Found + 1, lost.Acknowledged);
            Log.Opened(_logger, Name, opened.LastCommit, Stopwatch.GetElapsedTime(started).TotalMilliseconds, opening.WasClosed);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        Opened();
        return _commits!.CommitAsync(batch);
    }

    /// <inheritdoc/>
    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        var open = Opened();
        ObjectDisposedException.ThrowIf(!open.Leases.TryEnter(out var epoch), this);
        try
        {
            return family == StoreFamily.Artifact ? TryGetArtifact(open, key, out value) : TryGetPlain(open, family, key, out value);
        }
        catch (Exception error)
        {
            throw OfReading(error);
        }
        finally
        {
            open.Leases.Exit(epoch);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix)
    {
        var open = Opened();
        ObjectDisposedException.ThrowIf(!open.Leases.TryEnter(out var epoch), this);
        try
        {
            return new StoreScan(new ScanHold(open, _scans, epoch, family, prefix.Span), OfReading);
        }
        catch (Exception error)
        {
            open.Leases.Exit(epoch);
            throw OfReading(error);
        }
    }

    /// <summary>Waits for the commit in flight, ends the scans that are still being read, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lifecycle.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDisposed) return;
            _isDisposed = true;
            if (_open is { } open) await CloseAsync(open).ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    private static bool TryGetPlain(OpenStore open, StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        using var stored = open.Database.Get(open.Database[family], key);
        value = stored.IsFound ? stored.Bytes.ToArray() : [];
        return stored.IsFound;
    }

    private static bool TryGetArtifact(OpenStore open, ReadOnlySpan<byte> key, out byte[] value)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var stored = open.Database.Get(open.Database[StoreFamily.Artifact], key);
            value = [];
            if (!stored.IsFound) return false;
            if (!ArtifactValue.IsPointer(stored.Bytes, out var digest))
            {
                value = ArtifactValue.ReadInline(stored.Bytes);
                return true;
            }

            if (open.Index.TryGet(digest, options: null, out var location))
            {
                value = open.Segments.Read(digest, location);
                return true;
            }

            // A commit between the two reads has replaced the pointer. It cannot do so forever without a reader seeing one of the states.
            if (attempt == 1000) throw new InvalidDataException($"artifact {digest} is not in the segment index");
        }
    }

    private OpenStore Opened()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_failure is { } failure) throw new StoreFailedException(Name, failure.Cause, failure);
        return _open ?? throw new InvalidOperationException($"The store '{Name}' is not open yet.");
    }

    private void Commit(WriteBatch batch)
    {
        if (_failure is { } earlier) throw new StoreFailedException(Name, earlier.Cause, earlier);
        try
        {
            _open!.Commit(batch);
        }
        catch (Exception error)
        {
            // Whatever it was, nobody knows what is on disk now: no retry, and no acknowledgement after it.
            throw Fail(error);
        }
    }

    private void Housekeep()
    {
        if (_failure is not null) return;
        try
        {
            _open!.Housekeep();
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a logger throws, the store has failed.")]
    private StoreFailedException Fail(Exception error)
    {
        var failure = StoreErrors.OfWriting(Name, error);
        _failure = failure;
        try
        {
            Log.Failed(_logger, Name, failure.Cause, error);
        }
        catch (Exception)
        {
            // A logger that throws, on the same full disk perhaps. Whoever commits is told all the same.
        }

        return failure;
    }

    private Exception OfReading(Exception error)
    {
        if (error is InvalidDataException damage) return new StoreCorruptException(Name, damage.Message, damage);
        if (error is ObjectDisposedException or RqmlException) return error;
        var translated = StoreErrors.OfReading(Name, error);
        if (translated is StoreFailedException failed) _failure ??= failed;
        return translated;
    }

    private async Task CloseAsync(OpenStore open)
    {
        await _commits!.DisposeAsync().ConfigureAwait(false);
        var drained = open.Leases.CloseAsync();
        _scans.EndAll();
        await drained.ConfigureAwait(false);
        await Task.Run(() =>
        {
            try
            {
                if (_failure is null) open.Close();
            }
            catch (Exception error)
            {
                Log.CloseFailed(_logger, Name, error);      // survivable: without its last word the mark has the store verified at the next open
            }
            finally
            {
                open.Dispose();
            }
        }).ConfigureAwait(false);
    }
}
