using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Rqml.Cluster;

namespace Rqml.Testing.Simulation;

/// <summary>The coordination store of a simulated cluster, outside of all machines: real leases and compare-and-swap, on virtual time.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing.")]
internal sealed class SimulatedCoordination(World world, TimeProvider time)
{
    private const int KeptBackups = 64;

    private static readonly CoordinationKeys Keys = new("rqml");

    private readonly InMemoryCoordinationStore _store = new(time);
    private readonly SortedList<long, InMemoryCoordinationStore.Backup> _backups = [];      // by revision, the last ones
    private long _elected;
    private long _generation = 1;

    /// <summary>Whether nobody gets an answer.</summary>
    public bool IsDown { get; set; }

    /// <summary>Addresses of machines that do not reach the store, though all others do.</summary>
    public HashSet<string> Cut { get; } = [];

    /// <summary>Called with each transaction that was carried out, the address of who asked for it, and its revision.</summary>
    public Action<string, CoordinationTransaction, long>? Committed { get; set; }

    /// <summary>How often an answer is lost, though what was asked was done or not.</summary>
    public double LostAnswers { get; set; }

    /// <summary>Called with the machine whose answer was lost.</summary>
    public Action<string>? Lost { get; set; }

    /// <summary>The generation that the operator last raised it to.</summary>
    public long Generation => _generation;

    public ICoordinationStore For(SimulatedProcess process, string endpoint) => new Client(this, world, process, endpoint);

    /// <summary>
    /// The operator restores a backup, often one from just before the last election: then, if ever, the next one gives the same revision once more. False where there is none.
    /// </summary>
    /// <param name="isRaised">Whether the operator raises the generation before anybody sees the restored store, as it is told to.</param>
    public bool Restore(bool isRaised)
    {
        if (_backups.Count == 0) return false;
        var backup = _backups.Values[world.Draw(_backups.Count)];
        if (world.Chance(0.7) && _backups.TryGetValue(_elected - 1 - world.Draw(3), out var fatal)) backup = fatal;
        world.Tell($"the store goes back to revision {backup.Revision}{(isRaised ? $", and is raised to generation {_generation + 1}" : "")}");
        if (isRaised) _store.Restore(backup, new Change.Put(Keys.Generation, CoordinationKeys.Write(++_generation, 1)));
        else _store.Restore(backup);
        _backups.Clear();
        return true;
    }

    private void Keep()
    {
        var backup = _store.TakeBackup();
        _backups[backup.Revision] = backup;
        if (_backups.Count > KeptBackups) _backups.RemoveAt(0);
    }

    /// <summary>One process's connection.</summary>
    private sealed class Client(SimulatedCoordination shared, World world, SimulatedProcess process, string endpoint) : ICoordinationStore
    {
        public ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken) =>
            CallAsync(() => shared._store.ReadAsync(prefix, cancellationToken));

        public ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken) =>
            CallAsync(async () =>
            {
                shared.Keep();
                var result = await shared._store.CommitAsync(transaction, cancellationToken);
                shared.Keep();
                if (result.Succeeded && transaction.Changes[0].Key == Keys.Leader) shared._elected = result.Revision;
                if (result.Succeeded) shared.Committed?.Invoke(endpoint, transaction, result.Revision);
                return result;
            });

        public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken) =>
            CallAsync(() => shared._store.GrantLeaseAsync(timeToLive, cancellationToken));

        public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken) =>
            CallAsync(() => shared._store.RenewLeaseAsync(lease, cancellationToken));

        public async ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken) =>
            await CallAsync(async () =>
            {
                await shared._store.RevokeLeaseAsync(lease, cancellationToken);
                return true;
            });

        public async IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var snapshot in shared._store.Watch(prefix, cancellationToken))
            {
                await Task.Delay(Latency(), process.Time, CancellationToken.None);
                if (IsOutOfReach) throw Unavailable();
                yield return snapshot;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private bool IsOutOfReach => shared.IsDown || shared.Cut.Contains(endpoint);

        private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
        {
            await Task.Delay(Latency(), process.Time, CancellationToken.None);
            if (IsOutOfReach) throw Unavailable();
            var isLost = world.Chance(shared.LostAnswers);
            if (isLost) shared.Lost?.Invoke(endpoint);
            if (isLost && world.Chance(0.5)) throw Unavailable();
            var answer = await call();
            await Task.Delay(Latency(), process.Time, CancellationToken.None);
            return isLost ? throw Unavailable() : answer;
        }

        private TimeSpan Latency() => TimeSpan.FromMicroseconds(200 + world.Draw(world.Chance(0.05) ? 300_000 : 5_000));

        private static CoordinationUnavailableException Unavailable() => new("simulated", "nobody answers");
    }
}
