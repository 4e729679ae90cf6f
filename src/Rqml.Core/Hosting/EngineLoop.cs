using System.Diagnostics.CodeAnalysis;

namespace Rqml.Hosting;

/// <summary>
/// One loop a node: runs the owners (ledger, scheduler, node) round-robin on the dispatcher until none has anything left, at most one wake-up in
/// flight. One thread at a time, so that owners need no locks; measured best of the layouts that were tried (decision 0001).
/// </summary>
internal sealed class EngineLoop : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Scheduled = 1;
    private const int Running = 2;
    private const int RunningAndWoken = 3;

    private readonly Dispatcher _dispatcher;
    private readonly Clock _clock;
    private readonly ITimer _timer;
    private readonly List<Owner> _owners = [];
    private int _state;
    private int _thread;      // that runs the owners; 0 while none does
    private long _timerDueMs = long.MaxValue;
    private int _hasRung;
    private volatile bool _stopped;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EngineLoop(Dispatcher dispatcher, Clock clock)
    {
        _dispatcher = dispatcher;
        _clock = clock;
        _timer = clock.Time.CreateTimer(static loop => ((EngineLoop)loop!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Clock Clock => _clock;

    /// <summary>Called once, from the loop, with the first error that no owner could name: the node has to stop.</summary>
    public Action<Exception>? Failed { get; set; }

    /// <summary>Stands between the owners and their machines in simulations; null everywhere else.</summary>
    public IInterposer? Interposer { get; init; }

    public void Add(Owner owner) => _owners.Add(owner);

    /// <summary>Events that wait for the owner that has most of them. Only the loop asks.</summary>
    public int Backlog
    {
        get
        {
            var most = 0;
            foreach (var owner in _owners) most = Math.Max(most, owner.Backlog);
            return most;
        }
    }

    /// <summary>Whether the owners take their turns on this thread now: then they go on until none has anything left.</summary>
    public bool IsRunningHere => Volatile.Read(ref _thread) == Environment.CurrentManagedThreadId;

    /// <summary>Makes sure that the loop runs soon. Any thread.</summary>
    public void Wake()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            switch (state)
            {
                case Idle when Interlocked.CompareExchange(ref _state, Scheduled, Idle) == Idle:
                    _dispatcher.Post(this);
                    return;
                case Running when Interlocked.CompareExchange(ref _state, RunningAndWoken, Running) == Running:
                case Scheduled or RunningAndWoken:
                    return;
            }
        }
    }

    private void Ring()
    {
        Volatile.Write(ref _hasRung, 1);
        Wake();
    }

    /// <summary>Ends the loop after the step that runs. The owners then refuse whatever still comes, so that nobody waits in vain.</summary>
    public void Stop()
    {
        _stopped = true;
        _timer.Dispose();
        Wake();
    }

    /// <summary>Stops, and completes when no owner takes another step.</summary>
    public Task StopAsync()
    {
        Stop();
        return _closed.Task;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the node's loop: it reports, and the node stops.")]
    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _state, Running);
        try
        {
            if (_stopped) CloseOwners();
            else RunOwnersHere();
        }
        catch (Exception error)
        {
            Failed?.Invoke(error);
            if (!_stopped) Stop();
        }

        if (Interlocked.CompareExchange(ref _state, Idle, Running) != Running)
        {
            Volatile.Write(ref _state, Scheduled);
            _dispatcher.Post(this);
        }
    }

    private void RunOwnersHere()
    {
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        try
        {
            RunOwners();
        }
        finally
        {
            Volatile.Write(ref _thread, 0);
        }
    }

    private void RunOwners()
    {
        // A bounded number of rounds, so that a busy loop shares its thread with the workers.
        for (var round = 0; round < 64 && !_stopped; round++)
        {
            var nowMs = _clock.NowMs;
            var worked = false;
            foreach (var owner in _owners) worked |= owner.Drain(nowMs);
            if (!worked)
            {
                ArmTimer();
                return;
            }
        }

        if (!_stopped) Wake();
    }

    private void CloseOwners()
    {
        try
        {
            foreach (var owner in _owners) owner.Close();
        }
        finally
        {
            _closed.TrySetResult();
        }
    }

    private void ArmTimer()
    {
        var dueMs = long.MaxValue;
        foreach (var owner in _owners) dueMs = Math.Min(dueMs, owner.NextDueMs);

        // One that has rung is armed again, even for the same moment: the system's timers may ring a millisecond before our clock says so.
        var isArmed = Interlocked.Exchange(ref _hasRung, 0) == 0 && dueMs == _timerDueMs;
        if (isArmed && dueMs > _clock.NowMs) return;
        _timerDueMs = dueMs;
        if (dueMs == long.MaxValue) _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        else _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(dueMs - _clock.NowMs, 0, 60_000)), Timeout.InfiniteTimeSpan);
    }
}
