using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>One start of an operating-system process: a dispatcher, a synchronization context and a clock, all of which end with it. A paused one keeps what arrives and runs it later.</summary>
internal sealed class SimulatedProcess : Dispatcher
{
    private readonly World _world;
    private readonly Context _context;
    private readonly Queue<Action> _whilePaused = new();

    public SimulatedProcess(World world, int number, TimeSpan clockSkew)
    {
        _world = world;
        Number = number;
        _context = new Context(this);
        Time = new VirtualTime(world, this, clockSkew);
    }

    public int Number { get; }

    public TimeProvider Time { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsPaused { get; private set; }

    public override void Post(IThreadPoolWorkItem item) => _world.Enqueue(this, item.Execute);

    /// <summary>Runs an action as this process would; a dead process runs nothing.</summary>
    public void Execute(Action action)
    {
        if (!IsAlive) return;
        if (IsPaused)
        {
            _whilePaused.Enqueue(action);
            return;
        }

        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>kill -9: nothing of it runs any more.</summary>
    public void Kill() => IsAlive = false;

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        while (_whilePaused.TryDequeue(out var action)) _world.Enqueue(this, action);
    }

    private sealed class Context(SimulatedProcess process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => process._world.Enqueue(process, () => d(state));

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing blocks in the simulator.");

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class VirtualTime(World world, SimulatedProcess process, TimeSpan skew) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => world.NowTicks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(world.NowTicks) + skew;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SimulatedTimer(world, process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }
}
