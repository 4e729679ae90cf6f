namespace Rqml.Hosting;

/// <summary>
/// Where shells and workers run. In production the thread pool; in the simulator one deterministic thread. A shell posts its work here and awaits
/// plainly, so that its continuations come back through the synchronization context that the dispatcher installs, if any.
/// </summary>
internal abstract class Dispatcher
{
    /// <summary>The process's thread pool, without a synchronization context.</summary>
    public static Dispatcher ThreadPool { get; } = new PoolDispatcher();

    /// <summary>Runs <paramref name="item"/> soon, on some thread.</summary>
    public abstract void Post(IThreadPoolWorkItem item);

    private sealed class PoolDispatcher : Dispatcher
    {
#pragma warning disable RS0030 // the one place where the engine meets the pool; everybody else posts here
        public override void Post(IThreadPoolWorkItem item) => System.Threading.ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
#pragma warning restore RS0030
    }
}
