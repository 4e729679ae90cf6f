namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches what becomes of work that was settled elsewhere. Property (m): a node that comes up, or is fenced and comes back, is told which of the tasks that it still holds are settled, and
/// works on them no longer; and no leader gives out what is long settled. Asked of them once all is healed, as a word that is lost on the way costs work and nothing else.
/// </summary>
internal sealed class LateWorkJudge(World world, Judge judge)
{
    private static readonly TimeSpan NodeMayTake = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LeaderMayTake = TimeSpan.FromSeconds(6);

    private readonly Dictionary<TaskId, (string Ledger, long Ticks)> _settled = [];
    private readonly Dictionary<(string Machine, Attempt Attempt), long> _heldTicks = [];
    private readonly HashSet<TaskId> _announcedLate = [];
    private readonly Dictionary<int, long> _beganTicks = [];
    private readonly Dictionary<string, long> _upTicks = [];
    private long _healedTicks = long.MaxValue;

    /// <summary>No fault strikes from here on.</summary>
    public void Healed() => _healedTicks = world.NowTicks;

    /// <summary>A process starts on the machine.</summary>
    public void Started(string machine) => _upTicks[machine] = world.NowTicks;

    /// <summary>Nothing runs on the machine any more.</summary>
    public void Ended(string machine) => _upTicks.Remove(machine);

    /// <summary>The ledger on that machine has settled the task durably.</summary>
    public void Settled(string machine, TaskId task) => _settled.TryAdd(task, (machine, world.NowTicks));

    /// <summary>The machine has the attempt durably.</summary>
    public void Obeyed(string machine, Attempt attempt) => _heldTicks.TryAdd((machine, attempt), world.NowTicks);

    /// <summary>A process calls itself another start of its node than before.</summary>
    public void Began(SimulatedProcess process) => _beganTicks[process.Number] = world.NowTicks;

    /// <summary>A model is called in the attempt.</summary>
    public void ModelCalled(string machine, SimulatedProcess process, Attempt attempt)
    {
        if (!_beganTicks.TryGetValue(process.Number, out var beganTicks) || !_heldTicks.TryGetValue((machine, attempt), out var heldTicks) || heldTicks > beganTicks) return;
        if (KnowableTicks(attempt.Task) is not { } ticks || ticks > beganTicks || world.NowTicks - beganTicks <= NodeMayTake.Ticks) return;
        judge.Violated('m', $"{machine} works on {attempt}, which was settled {SecondsSince(_settled[attempt.Task].Ticks)} s ago, and came up {SecondsSince(beganTicks)} s ago");
    }

    /// <summary>A leader hears that the task is open. Where it is settled that is a late copy, and the leader knows no better.</summary>
    public void Announced(TaskId task)
    {
        if (_settled.ContainsKey(task)) _announcedLate.Add(task);
    }

    /// <summary>A leader gives the task to a node. Its ledger says once that a task is settled: where that is lost, it is asked only once it has started again.</summary>
    public void Given(TaskId task, string node)
    {
        if (_announcedLate.Contains(task) || KnowableTicks(task) is not { } ticks || world.NowTicks - ticks <= LeaderMayTake.Ticks) return;
        var settled = _settled[task];
        if (_upTicks[settled.Ledger] > settled.Ticks) judge.Violated('m', $"{task} was given to {node}, and was settled {SecondsSince(settled.Ticks)} s ago");
    }

    /// <summary>Since when whoever asks the task's ledger hears that it is settled; null where nobody does.</summary>
    private long? KnowableTicks(TaskId task) =>
        _settled.TryGetValue(task, out var settled) && _upTicks.TryGetValue(settled.Ledger, out var upTicks) ? Math.Max(_healedTicks, Math.Max(settled.Ticks, upTicks)) : null;

    private double SecondsSince(long ticks) => Math.Round(TimeSpan.FromTicks(world.NowTicks - ticks).TotalSeconds, 1);
}
