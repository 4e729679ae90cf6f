using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;
using Rqml.Storage.Etcd.Transactions;
using Rqml.Storage.Etcd.Watches;

namespace Rqml.Storage.Etcd;

/// <summary>The coordination store on etcd: leases, compare-and-swap and watches are etcd's. Thread-safe.</summary>
/// <remarks>
/// Connects with the first call. A change is sent once: where its answer does not come, <see cref="CoordinationUnavailableException"/> says so, and the caller reads
/// back. It goes to the next endpoint only where it was never sent. Reads, renewals and revocations go to the next endpoint by themselves. Reads are linearizable.
/// </remarks>
public sealed class EtcdCoordinationStore : ICoordinationStore
{
    /// <summary>Longest time to live that etcd takes, in seconds.</summary>
    private const long LongestLeaseSeconds = 9_000_000_000;

    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Credentials _credentials;
    private readonly EndpointSet _endpoints;
    private readonly EtcdClient _client;
    private readonly PrefixReader _reader;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly HashSet<PrefixWatch> _watches = [];

    /// <param name="options">Where etcd is; not to be changed afterwards.</param>
    /// <param name="time">The clock that timeouts run by; null: the system's.</param>
    /// <param name="logger">What operators see.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range, or a file cannot be used; all are named.</exception>
    public EtcdCoordinationStore(EtcdOptions options, TimeProvider? time = null, ILogger<EtcdCoordinationStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var validated = new EtcdOptionsValidator().Validate(null, options);
        if (validated.Failed) throw new OptionsValidationException(nameof(EtcdOptions), typeof(EtcdOptions), validated.Failures);
        (_options, _time, _logger) = (options, time ?? TimeProvider.System, logger ?? NullLogger<EtcdCoordinationStore>.Instance);
        Name = $"etcd at {EndpointList.Describe(options.Endpoints)}";
        _credentials = Credentials.Read(options);
        _endpoints = new EndpointSet(options, _credentials, _time, _logger);
        _client = new EtcdClient(Name, _endpoints, options.RequestTimeout, _time, _closing.Token);
        _reader = new PrefixReader(_client, _logger);
    }

    /// <summary>What errors and logs call it: etcd, and where it is.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="CoordinationRefusedException">The user may not read the prefix or is not known, or the prefix holds too much.</exception>
    public async ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return await _reader.ReadAsync(KeyRange.OfPrefix(prefix), Begin(cancellationToken)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="CoordinationRefusedException">etcd has no space, or the user may not do this or is not known. Where there was no space the changes may have been made all the same.</exception>
    public async ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        transaction.Validate();
        var request = TransactionCodec.Write(transaction);
        var (answer, failure) = await _client.TryAskAsync(
            Repeat.Never,
            async (to, options) => TransactionCodec.Checked(request, await to.Keys.TxnAsync(request, options).ConfigureAwait(false)),
            Begin(cancellationToken)).ConfigureAwait(false);
        return failure switch
        {
            null => new TransactionResult(answer!.Succeeded, answer.Header.Revision),
            { Kind: FailureKind.LeaseGone } when LeasesOf(transaction) is { Length: > 0 } leases => throw new LeaseGoneException(await FindGoneAsync(leases, cancellationToken).ConfigureAwait(false), failure.Error),
            _ => throw _client.ErrorOf(failure),
        };
    }

    /// <inheritdoc/>
    /// <remarks>Bridges an outage of 10 s; after that, or where etcd refuses, it throws what a read would.</remarks>
    public async IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var range = KeyRange.OfPrefix(prefix);
        Begin(cancellationToken);
        var watch = Start(range);
        try
        {
            await foreach (var state in watch.States.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return state.ToSnapshot();
        }
        finally
        {
            await watch.DisposeAsync().ConfigureAwait(false);
            lock (_lock) _watches.Remove(watch);
        }
    }

    /// <inheritdoc/>
    /// <remarks>etcd counts in seconds, two or more as a rule, and may take as long again to notice that the time is over.</remarks>
    public async ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeToLive, TimeSpan.FromSeconds(LongestLeaseSeconds));
        var request = new LeaseGrantRequest { TtlSeconds = (long)Math.Ceiling(timeToLive.TotalSeconds) };

        // A grant whose answer is lost leaves a lease that nobody has; it runs out by itself.
        var answer = await _client.AskAsync(Repeat.Never, async (to, options) => Checked(request, await to.Leases.LeaseGrantAsync(request, options).ConfigureAwait(false)), Begin(cancellationToken)).ConfigureAwait(false);
        return new LeaseId(answer.Id);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        var (answer, failure) = await _client.TryAskAsync(Repeat.Harmless, (to, options) => RenewAsync(lease, to, options), Begin(cancellationToken)).ConfigureAwait(false);
        return failure switch
        {
            null => answer!.TtlSeconds > 0,
            { Kind: FailureKind.LeaseGone } => false,
            _ => throw _client.ErrorOf(failure),
        };
    }

    /// <inheritdoc/>
    public async ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        var (_, failure) = await _client.TryAskAsync(
            Repeat.Harmless, (to, options) => to.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { Id = lease.Value }, options).ResponseAsync, Begin(cancellationToken)).ConfigureAwait(false);
        if (failure is not null and not { Kind: FailureKind.LeaseGone }) throw _client.ErrorOf(failure);
    }

    /// <summary>Ends all watches and calls, and closes the connections; every later call throws <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        PrefixWatch[] watches;
        lock (_lock)
        {
            if (_closing.IsCancellationRequested) return;
            _closing.Cancel();
            watches = [.. _watches];
        }

        await Task.WhenAll(watches.Select(watch => watch.Running)).ConfigureAwait(false);
        _endpoints.Close();
        _credentials.Dispose();
    }

    /// <summary>Every call begins so.</summary>
    private CancellationToken Begin(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        return cancellationToken;
    }

    private PrefixWatch Start(KeyRange range)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            var watch = PrefixWatch.Start(_client, _reader, range, _options, _time, _logger, _closing.Token);
            _watches.Add(watch);
            return watch;
        }
    }

    private static async Task<LeaseKeepAliveResponse> RenewAsync(LeaseId lease, Connection to, CallOptions options)
    {
        using var call = to.Leases.LeaseKeepAlive(options);
        await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { Id = lease.Value }, options.CancellationToken).ConfigureAwait(false);
        if (!await call.ResponseStream.MoveNext(options.CancellationToken).ConfigureAwait(false)) throw new InvalidAnswerException("no word on a lease that was to be renewed");
        return call.ResponseStream.Current is { } answer && answer.Id == lease.Value ? answer : throw new InvalidAnswerException("another lease than the one that was to be renewed");
    }

    private static LeaseGrantResponse Checked(LeaseGrantRequest request, LeaseGrantResponse answer) =>
        answer.Id != 0 && answer.TtlSeconds >= request.TtlSeconds ? answer : throw new InvalidAnswerException($"a lease of {answer.TtlSeconds} s where {request.TtlSeconds} were asked for");

    private static LeaseId[] LeasesOf(CoordinationTransaction transaction) =>
        [.. transaction.Changes.OfType<Change.Put>().Select(put => put.Lease).Where(lease => lease != LeaseId.None).Distinct()];

    /// <summary>etcd does not say which of a transaction's leases it misses.</summary>
    private async Task<LeaseId> FindGoneAsync(LeaseId[] leases, CancellationToken cancellationToken)
    {
        foreach (var lease in leases[..^1])
        {
            var (answer, failure) = await _client.TryAskAsync(
                Repeat.Harmless, (to, options) => to.Leases.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { Id = lease.Value }, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
            if (failure is { Kind: FailureKind.LeaseGone } || answer is { TtlSeconds: < 0 }) return lease;
        }

        return leases[^1];
    }
}
