using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Rqml.Cluster;

namespace Rqml.Testing.Simulation;

/// <summary>The coordination store of a simulated cluster, outside of all machines: real leases and compare-and-swap, on virtual time.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Virtual things hold nothing.")]
internal sealed class SimulatedCoordination(World world, TimeProvider time)
{
    private readonly InMemoryCoordinationStore _store = new(time);

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

    public ICoordinationStore For(SimulatedProcess process, string endpoint) => new Client(this, world, process, endpoint);

    /// <summary>One process's connection.</summary>
    private sealed class Client(SimulatedCoordination shared, World world, SimulatedProcess process, string endpoint) : ICoordinationStore
    {
        public ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken) =>
            CallAsync(() => shared._store.ReadAsync(prefix, cancellationToken));

        public ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken) =>
            CallAsync(async () =>
            {
                var result = await shared._store.CommitAsync(transaction, cancellationToken);
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
