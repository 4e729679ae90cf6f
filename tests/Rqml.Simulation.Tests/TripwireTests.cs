using Rqml.Testing.Simulation;

namespace Rqml.Simulation.Tests;

/// <summary>What would make two runs of a seed differ is found: a thread of the pool, however it comes in, and a wait for what the simulator does not hold.</summary>
public sealed class TripwireTests
{
    private const int Tries = 100;

    [Fact]
    public void A_run_puts_nothing_on_the_thread_pool()
    {
        Assert.Contains(PoolItems(() => new SimulatedCluster(seed: 1).Run()), items => items == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_supervised_run_puts_nothing_on_the_thread_pool(ulong seed)
    {
        Assert.Contains(PoolItems(() => SimulatedCluster.Supervised(seed).Run()), items => items == 0);
    }

    [Fact]
    public void A_model_that_leaves_the_thread_and_comes_back_is_found()
    {
        var cluster = new SimulatedCluster(seed: 1) { UserCode = static async () => await Task.Run(static () => { }) };
        Assert.Throws<EscapedException>(() => RunOn(cluster));
    }

    [Fact]
    public void A_model_that_goes_on_without_its_context_is_found()
    {
        var cluster = new SimulatedCluster(seed: 1) { UserCode = WithoutContextAsync };
        Assert.Throws<EscapedException>(() => RunOn(cluster));

        static async ValueTask WithoutContextAsync()
        {
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = WaitAsync(ready.Task);
            ready.SetResult();
            await waiting;
        }

        static async Task WaitAsync(Task ready) => await ready.ConfigureAwait(false);
    }

    [Fact]
    public void A_model_that_uses_the_pool_and_comes_back_to_the_thread_is_found_by_the_pools_count()
    {
        Assert.DoesNotContain(PoolItems(() => new SimulatedCluster(seed: 1) { UserCode = UseThePool }.Run()).Take(10), items => items == 0);

        static ValueTask UseThePool()
        {
            ThreadPool.QueueUserWorkItem(static _ => { });
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public void A_wait_for_what_nobody_holds_is_an_error_of_its_own()
    {
        var world = new World(1);
        var process = new SimulatedProcess(world, world.NextProcess(), TimeSpan.Zero);
        var never = new TaskCompletionSource();
        var isDone = false;
        world.Enqueue(process, () => _ = WaitAsync());
        Assert.Throws<NothingRunnableException>(() => world.RunUntil(() => isDone, TimeSpan.FromMinutes(1)));

        async Task WaitAsync()
        {
            await never.Task;
            isDone = true;
        }
    }

    /// <summary>The escape comes back on another thread in its own time, so the run is given some.</summary>
    private static void RunOn(SimulatedCluster cluster)
    {
        cluster.Run();
        SpinWait.SpinUntil(() => cluster.HasEscaped, TimeSpan.FromSeconds(10));
        cluster.ThrowIfEscaped();
    }

    /// <summary>Of one run after the other. The test host puts items there too, now and then; what the run itself puts there it puts each time.</summary>
    private static IEnumerable<long> PoolItems(Action run) => Enumerable.Range(0, Tries).Select(_ => PoolItemsOf(run));

    private static long PoolItemsOf(Action run)
    {
        var before = ThreadPool.CompletedWorkItemCount + ThreadPool.PendingWorkItemCount;
        run();
        return ThreadPool.CompletedWorkItemCount + ThreadPool.PendingWorkItemCount - before;
    }
}
