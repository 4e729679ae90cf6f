using System.Runtime.CompilerServices;
using Rqml.Administration;
using Rqml.Cluster;

namespace Rqml.Core.Tests.Administration;

/// <summary>One compare-and-set, whatever happens to its answer.</summary>
public sealed class GenerationRaiseTests
{
    private static readonly CoordinationKeys Keys = new("raised");

    [Fact]
    public async Task It_goes_beyond_what_the_store_holds_and_what_the_node_has_seen()
    {
        await using var store = new InMemoryCoordinationStore();

        Assert.Equal(2, await RaiseAsync(store, known: 0));
        Assert.Equal(3, await RaiseAsync(store, known: 1));
        Assert.Equal(8, await RaiseAsync(store, known: 7));      // the backup was older than earlier raises
    }

    [Fact]
    public async Task Of_two_at_once_one_wins()
    {
        await using var memory = new InMemoryCoordinationStore();
        var store = new Spoiled(memory) { ReadsBeforeCommits = 2 };

        var raises = new[] { RaiseAsync(store, known: 0, nonce: 1), RaiseAsync(store, known: 0, nonce: 3) };
        var lost = await TestStep.Of("the one that lost", Assert.ThrowsAsync<GenerationRaisedException>(() => Task.WhenAll(raises)));

        Assert.Equal(2, lost.Generation);
        Assert.Equal(2, await raises.Single(raise => raise.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task A_raise_whose_answer_is_lost_is_read_back()
    {
        await using var memory = new InMemoryCoordinationStore();

        Assert.Equal(2, await RaiseAsync(new Spoiled(memory) { LosesAnswers = true }, known: 0));
    }

    [Fact]
    public async Task A_raise_that_may_still_come_is_not_said_to_have_failed()
    {
        await using var memory = new InMemoryCoordinationStore();

        await Assert.ThrowsAsync<CoordinationUnavailableException>(() => RaiseAsync(new Spoiled(memory) { LosesQuestions = true }, known: 0));
    }

    [Fact]
    public async Task A_generation_that_cannot_be_read_is_mended()
    {
        await using var store = new InMemoryCoordinationStore();
        await store.CommitAsync(new CoordinationTransaction([], [new Change.Put(Keys.Generation, new byte[] { 0xFF })]), CancellationToken.None);

        Assert.Equal(5, await RaiseAsync(store, known: 4));
        Assert.Equal(5, CoordinationKeys.TryReadGeneration((await store.ReadAsync(Keys.Generation, CancellationToken.None)).Find(Keys.Generation)));
    }

    private static Task<long> RaiseAsync(ICoordinationStore store, long known, ulong nonce = 1) => GenerationRaise.RaiseAsync(store, Keys, known, nonce, CancellationToken.None);

    /// <summary>A store whose answers are late or lost.</summary>
    private sealed class Spoiled(ICoordinationStore store) : ICoordinationStore
    {
        private readonly TaskCompletionSource _allHaveRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _reads;

        public int ReadsBeforeCommits { get; init; }

        public bool LosesAnswers { get; init; }

        public bool LosesQuestions { get; init; }

        public async ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken)
        {
            var snapshot = await store.ReadAsync(prefix, cancellationToken);
            if (Interlocked.Increment(ref _reads) == ReadsBeforeCommits) _allHaveRead.TrySetResult();
            return snapshot;
        }

        public async ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken)
        {
            if (ReadsBeforeCommits > 0) await _allHaveRead.Task;
            if (LosesQuestions) throw new CoordinationUnavailableException("spoiled", "the question was lost");
            var result = await store.CommitAsync(transaction, cancellationToken);
            return LosesAnswers ? throw new CoordinationUnavailableException("spoiled", "the answer was lost") : result;
        }

        public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken) => store.GrantLeaseAsync(timeToLive, cancellationToken);

        public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken) => store.RenewLeaseAsync(lease, cancellationToken);

        public ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken) => store.RevokeLeaseAsync(lease, cancellationToken);

        public async IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var snapshot in store.Watch(prefix, cancellationToken)) yield return snapshot;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
