using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>One start of an operating-system process: a dispatcher, a synchronization context and a clock, all of which end with it. A paused one keeps what arrives and runs it later.</summary>
internal sealed class SimulatedProcess : Dispatcher
{
    private static readonly SendOrPostCallback RunItem = static item => ((IThreadPoolWorkItem)item!).Execute();

    private readonly World _world;
    private readonly Context _context;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _whilePaused = new();

    public SimulatedProcess(World world, int number, TimeSpan clockSkew)
    {
        _world = world;
        Number = number;
        _context = new Context(this);
        ClockSkew = clockSkew;
        Time = new VirtualTime(world, this);
    }

    public int Number { get; }

    public TimeProvider Time { get; }

    /// <summary>How wrong its wall clock is; what it measures of time is right all the same.</summary>
    public TimeSpan ClockSkew { get; set; }

    public bool IsAlive { get; private set; } = true;

    public bool IsPaused { get; private set; }

    public override void Post(IThreadPoolWorkItem item) => _world.Enqueue(this, RunItem, item);

    /// <summary>Runs what is due as this process would; a dead process runs nothing.</summary>
    public void Execute(SendOrPostCallback callback, object? state)
    {
        if (!IsAlive) return;
        if (IsPaused)
        {
            _whilePaused.Enqueue((callback, state));
            return;
        }

        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            callback(state);
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
        while (_whilePaused.TryDequeue(out var kept)) _world.Enqueue(this, kept.Callback, kept.State);
    }

    private sealed class Context(SimulatedProcess process) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => process._world.Enqueue(process, d, state);

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing blocks in the simulator.");

        public override SynchronizationContext CreateCopy() => this;
    }

    private sealed class VirtualTime(World world, SimulatedProcess process) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => world.NowTicks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(world.NowTicks) + process.ClockSkew;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SimulatedTimer(world, process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }
}
