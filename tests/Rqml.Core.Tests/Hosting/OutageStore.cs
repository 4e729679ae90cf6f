using System.Runtime.CompilerServices;
using Rqml.Cluster;

namespace Rqml.Core.Tests.Hosting;

/// <summary>A coordination store that can be out of reach for everybody.</summary>
internal sealed class OutageStore : ICoordinationStore
{
    private readonly InMemoryCoordinationStore _store = new();
    private CancellationTokenSource _down = new();
    private volatile bool _isDown;

    public void Break()
    {
        _isDown = true;
        _down.Cancel();
    }

    public void Mend()
    {
        _down.Dispose();
        _down = new CancellationTokenSource();
        _isDown = false;
    }

    public ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken) => _isDown ? throw Unavailable() : _store.ReadAsync(prefix, cancellationToken);

    public ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken) => _isDown ? throw Unavailable() : _store.CommitAsync(transaction, cancellationToken);

    public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken) => _isDown ? throw Unavailable() : _store.GrantLeaseAsync(timeToLive, cancellationToken);

    public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken) => _isDown ? throw Unavailable() : _store.RenewLeaseAsync(lease, cancellationToken);

    public ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken) => _isDown ? throw Unavailable() : _store.RevokeLeaseAsync(lease, cancellationToken);

    public async IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_isDown) throw Unavailable();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _down.Token);
        await using var snapshots = _store.Watch(prefix, ended.Token).GetAsyncEnumerator(ended.Token);
        while (await NextAsync(snapshots)) yield return snapshots.Current;
    }

    public ValueTask DisposeAsync()
    {
        _down.Dispose();
        return _store.DisposeAsync();
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<CoordinationSnapshot> snapshots)
    {
        try
        {
            return await snapshots.MoveNextAsync() && !_isDown;
        }
        catch (OperationCanceledException) when (_isDown)
        {
            throw Unavailable();
        }
    }

    private static CoordinationUnavailableException Unavailable() => new("outage", "it is down");
}
