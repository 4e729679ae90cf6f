using Rqml.Storage.CrashChild;
using Rqml.Storage.RocksDb;
using Xunit.Abstractions;

namespace Rqml.Storage.Tests.Crashes;

/// <summary>kill -9 at every named moment of a store's life, each proven to have been reached.</summary>
public sealed class KillPointTests(ITestOutputHelper output)
{
    private const int Rounds = 3;

    [Fact]
    public async Task A_kill_at_any_named_point_loses_no_acknowledged_commit()
    {
        var steps = Enum.GetValues<StoreStep>();
        await Parallel.ForEachAsync(steps, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (step, _) => await DieAsync(step));
        output.WriteLine($"{steps.Length} points, each reached and survived {Rounds} times: {string.Join(", ", steps)}");
    }

    private static async Task DieAsync(StoreStep step)
    {
        using var folder = new TemporaryFolder();
        var isCreation = step is StoreStep.MarkCreated or StoreStep.DatabaseCreated;
        var model = new StoreModel((int)step);
        for (var round = 0; round < Rounds; round++)
        {
            var store = folder[isCreation ? $"store{round}" : "store"];
            var isOnce = isCreation || step is StoreStep.Closing or StoreStep.DatabaseClosed;
            using var child = StoreChild.Start(store, (int)step, commits: isOnce ? 30 : 5_000, step, passes: isOnce ? 0 : round);
            Assert.True(child.ReadUntil(ReportKind.Dying), $"{step}, round {round}: the point was not reached: {child.Errors()}");
            child.End();
            Assert.Equal(137, child.ExitCode);

            await using var reopened = CrashStore.Create(store);
            await reopened.OpenAsync(CancellationToken.None);
            var where = $"{step}, round {round}";
            var least = Math.Max(child.Acknowledged, isCreation ? 0 : model.Commit);
            Assert.True(reopened.LastCommit >= least, $"{where}: {reopened.LastCommit} is less than {least}");
            Assert.True(reopened.LastCommit <= Math.Max(child.Started, model.Commit), $"{where}: {reopened.LastCommit} was never begun");
            if (!isCreation) model.AdvanceTo(reopened.LastCommit);
            Assert.True(model.Difference(reopened) is null, $"{where}: {model.Difference(reopened)}");
        }
    }
}
