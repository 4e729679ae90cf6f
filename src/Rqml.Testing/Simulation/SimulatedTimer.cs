namespace Rqml.Testing.Simulation;

/// <summary>A timer on virtual time; it dies with its process.</summary>
internal sealed class SimulatedTimer(World world, SimulatedProcess process, TimerCallback callback, object? state) : ITimer
{
    private static readonly SendOrPostCallback Ring = static timer => ((SimulatedTimer)timer!).CallBack();

    private TimeSpan _period;

    public long DueTicks { get; private set; } = long.MaxValue;

    public bool IsDue(long dueTicks) => DueTicks == dueTicks;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        Arm(dueTime);
        return true;
    }

    public void Fire()
    {
        if (_period > TimeSpan.Zero) Arm(_period);
        else DueTicks = long.MaxValue;
        world.Enqueue(process, Ring, this);
    }

    public void Dispose() => DueTicks = long.MaxValue;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void CallBack() => callback(state);

    private void Arm(TimeSpan dueTime)
    {
        if (dueTime < TimeSpan.Zero)
        {
            DueTicks = long.MaxValue;
            return;
        }

        DueTicks = world.NowTicks + dueTime.Ticks;
        world.Schedule(this);
    }
}
