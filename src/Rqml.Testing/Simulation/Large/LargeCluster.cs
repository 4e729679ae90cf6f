using Rqml.Hosting;

namespace Rqml.Testing.Simulation.Large;

/// <summary>
/// One run of a cluster of 50 to 200 nodes with several submitters: every fault at once, and beneath them a rolling upgrade to the next version of the task class. Then everything
/// heals. Tasks of the version that nobody has any more wait, until machines come back with it; then all that was accepted has to be settled.
/// </summary>
internal sealed class LargeCluster : ISimulatedRun
{
    private const int FewestNodes = 50;
    private const int MostNodes = 200;

    private const long MostEvents = 10_000_000;
    private const int LooksEvery = 1_024;      // events, for bugs of the simulation: it takes a look at every machine

    private static readonly TimeSpan FaultyTime = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LatestSubmission = TimeSpan.FromSeconds(14);
    private static readonly TimeSpan UpgradeLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ParkedTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    private readonly World _world;
    private readonly SimulatedProcess _operator;
    private readonly Judge _judge;
    private readonly List<SimulatedMachine> _machines = [];
    private readonly Dictionary<SimulatedMachine, Application> _applications = [];
    private readonly Storm _storm;
    private readonly Upgrade _upgrade;

    public LargeCluster(ulong seed)
    {
        _world = new World(seed, MostEvents);
        _judge = new Judge(_world);
        _operator = new SimulatedProcess(_world, _world.NextProcess(), TimeSpan.Zero);
        var network = new SimulatedNetwork(_world);
        var coordination = new SimulatedCoordination(_world, _operator.Time) { LostAnswers = 0.02, Committed = _judge.Assignments.Committed };

        // The lesser of two draws: a run's price grows with its nodes.
        var nodes = FewestNodes + Math.Min(_world.Draw(MostNodes - FewestNodes + 1), _world.Draw(MostNodes - FewestNodes + 1));
        var submitters = 1 + _world.Draw(4);
        for (var count = 2 + _world.Draw(3); count > 0; count--) Add($"scheduler-{count}", NodeRoles.Scheduler);
        for (var count = submitters; count > 0; count--) Add($"submitter-{count}", NodeRoles.Client);
        while (_machines.Count < nodes) Add($"worker-{_machines.Count}", NodeRoles.Worker);

        var works = Enumerable.Range(0, 3 * nodes).Select(number => (IWork)Work(number, keys: Math.Max(2, nodes / 25))).ToList();
        foreach (var (place, submitter) in _machines.Where(machine => machine.Settings.Roles.HasFlag(NodeRoles.Client)).Index())
        {
            var application = new Application(_world, _judge, [.. works.Where(work => work.Number % submitters == place)], cancelled: 0.05, LatestSubmission);
            _applications.Add(submitter, application);
            submitter.Up = runtime => application.Up(runtime, submitter.Process!);
        }

        _storm = new Storm(_world, _operator, network, coordination, _judge, _machines, machine => _applications.TryGetValue(machine, out var application) && !application.IsDone);
        _upgrade = new Upgrade(_world, _machines, begin: FaultyTime / 4, length: FaultyTime / 2);

        void Add(string name, NodeRoles role)
        {
            var roles = _world.Chance(0.7) ? role | NodeRoles.Worker : role;
            var settings = new MachineSettings(roles, Leader: null, coordination, TimeSpan.FromMinutes(_world.Draw(120) - 60), Accidents: 0.005, Mutant.None, Classes: []);
            _machines.Add(new SimulatedMachine(_world, network, _judge, name, settings) { Down = IsDown });
        }
    }

    public LargeCoverage Coverage => _storm.Coverage;

    public Coverage OtherCoverage => _storm.Others;

    public int Nodes => _machines.Count;

    /// <inheritdoc cref="Storm.Restored"/>
    public int Restored => _storm.Restored;

    /// <summary>Tasks of the old version that were open when nobody served it any more.</summary>
    public int Parked { get; private set; }

    /// <summary>Attempts of the old version that lay on disks of machines which did not serve it any more.</summary>
    public int Unserved { get; private set; }

    public long Events => _world.Events;

    public ulong Trace => _world.Trace;

    public TextWriter? Story { get => _world.Story; set => _world.Story = value; }

    public IReadOnlyList<string> Run()
    {
        foreach (var machine in _machines) machine.Start();
        _storm.Begin();
        for (var untilTicks = _world.NowTicks + FaultyTime.Ticks; _world.NowTicks < untilTicks && !_world.IsExhausted;)
        {
            _world.Run(TimeSpan.FromMilliseconds(10 + _world.Draw(7_000 / _machines.Count)));
            _storm.Strike();
            UpgradeDue();
            _storm.Ease();
        }

        _storm.End();
        EndUpgrade();
        if (!_world.RunUntil(() => IsDone || _judge.Violations.Count > 0 || (_world.Events % LooksEvery == 0 && Bug() is not null), QuietLimit))
        {
            foreach (var left in _applications.Values.SelectMany(application => application.Unfinished).Take(3)) _judge.Violated('b', $"never settled: {left}");
        }
        else if (_judge.Violations.Count == 0)
        {
            _world.Run(QuietTime);
            for (var latestTicks = _world.NowTicks + DrainLimit.Ticks; _world.NowTicks < latestTicks && !_world.IsExhausted && !_machines.TrueForAll(machine => Judge.IsBare(machine.Disk));) _world.Run(TimeSpan.FromSeconds(1));
            foreach (var machine in _machines) _judge.Ended(machine.Name, machine.Disk);
        }

        if (_world.IsExhausted) _judge.Violated('x', "the run goes round in circles");
        if (Bug() is { } bug) _judge.Violated('x', bug.ToString());
        return _judge.Violations;
    }

    private bool IsDone => _applications.Values.All(application => application.IsDone);

    private Exception? Bug() => _applications.Values.Select(application => application.Failure).Concat(_machines.Select(machine => machine.Failure)).FirstOrDefault(failure => failure is not null);

    private void UpgradeDue()
    {
        while (_upgrade.IsDue(_world.NowTicks))
        {
            var machine = _storm.Pick(_upgrade.Left);
            _upgrade.Take(machine);
            _storm.Note(LargeFault.Upgrade, machine);
            machine.Stop();
        }
    }

    /// <summary>The last machines get the new version; then nobody has the old one for a while, until a few machines come back with it.</summary>
    private void EndUpgrade()
    {
        UpgradeDue();
        for (var untilTicks = _world.NowTicks + UpgradeLimit.Ticks; _machines.Exists(machine => machine.Serves(Upgrade.Old));)
        {
            foreach (var behind in _machines.Where(machine => machine.Serves(Upgrade.Old))) behind.Stop();
            _world.Run(TimeSpan.FromMilliseconds(500));
            if (_world.NowTicks < untilTicks && !_world.IsExhausted) continue;
            _judge.Violated('x', "the upgrade does not end");
            return;
        }

        _world.Run(ParkedTime);
        Parked = _applications.Values.Sum(application => application.Open.Count(work => work.Class.Version == Upgrade.Old));
        Unserved = _machines.Sum(machine => machine.Runtime?.Node?.Machine.Attempts.Count(attempt => attempt.State == Rqml.Nodes.AttemptState.Unserved) ?? 0);
        var workers = _machines.Where(machine => machine.Settings.Roles.HasFlag(NodeRoles.Worker)).ToList();
        for (var count = 1 + _world.Draw(3); count > 0; count--)
        {
            var machine = workers[_world.Draw(workers.Count)];
            machine.Versions = _world.Chance(0.5) ? [Upgrade.Old] : Upgrade.Both;
            machine.Stop();
        }
    }

    /// <summary>Once all is healed, whatever still ends is started again after a while, as a supervisor of processes would.</summary>
    private void IsDown(SimulatedMachine machine)
    {
        if (!_storm.IsOver) return;
        var timer = new SimulatedTimer(_world, _operator, _ => machine.StartAgain(), null);
        timer.Change(TimeSpan.FromMilliseconds(500 + _world.Draw(2_000)), Timeout.InfiniteTimeSpan);
    }

    private SimulatedWork Work(int number, int keys) => new(number, 1 + _world.Draw(12), TemperOf(number), _world.Chance(0.5) ? Upgrade.Old : Upgrade.New, keys);

    /// <summary>At most one work kills nodes: with more of them hardly a node would stay up.</summary>
    private Temper TemperOf(int number)
    {
        if (number == 7 && _world.Chance(0.5)) return Temper.Deadly;
        return _world.Draw(20) switch
        {
            0 or 1 or 2 => Temper.Poisonous,
            3 => Temper.Clumsy,
            4 => Temper.Stubborn,
            _ => Temper.Calm,
        };
    }
}
