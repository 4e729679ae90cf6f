using Rqml.Hosting;

namespace Rqml.Core.Tests.Hosting;

public sealed class EngineLoopTests
{
    [Fact]
    public void A_timer_that_rings_a_moment_early_is_armed_again()
    {
        var time = new ManualTime();
        var loop = new EngineLoop(new Here(), new Clock(time));
        var owner = new Due(loop.Clock.NowMs + 1_000);
        loop.Add(owner);
        loop.Wake();
        Assert.Equal(TimeSpan.FromSeconds(1), time.Armed);

        time.Now = TimeSpan.FromMilliseconds(999);
        time.Ring();
        Assert.Equal(TimeSpan.FromMilliseconds(1), time.Armed);

        time.Now = TimeSpan.FromMilliseconds(1_000);
        time.Ring();
        Assert.Equal(1, owner.Ticks);
    }

    private sealed class Here : Dispatcher
    {
        public override void Post(IThreadPoolWorkItem item) => item.Execute();
    }

    /// <summary>Wants one tick, at a moment.</summary>
    private sealed class Due(long dueMs) : Owner
    {
        public int Ticks { get; private set; }

        public override long NextDueMs => Ticks == 0 ? dueMs : long.MaxValue;

        public override bool Drain(long nowMs)
        {
            if (NextDueMs > nowMs) return false;
            Ticks++;
            return true;
        }
    }

    /// <summary>A clock with one timer that rings when the test says so.</summary>
    private sealed class ManualTime : TimeProvider, ITimer
    {
        private Action? _ring;

        public TimeSpan Now { get; set; }

        public TimeSpan? Armed { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _ring = () => callback(state);
            return this;
        }

        public void Ring()
        {
            Armed = null;
            _ring!();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Armed = dueTime;
            return true;
        }

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
