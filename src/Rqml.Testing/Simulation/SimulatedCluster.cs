using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>One run: machines, an application and a seeded stream of faults; then everything heals, and all that was accepted has to be settled.</summary>
internal sealed class SimulatedCluster : ISimulatedRun
{
    /// <summary>Plain works beside supervised ones: for the deaths that they bring.</summary>
    private const int FewPlain = 6;
    private const long FewAnnouncedBytes = 1;      // one task at a time

    private static readonly TimeSpan FaultyTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BlackoutTime = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan BlackoutBegins = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AloneInBlackout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LatestSubmission = TimeSpan.FromSeconds(28);
    private static readonly TimeSpan SleepsFor = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(1);

    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedProcess _operator;
    private readonly Judge _judge;
    private readonly Coverage _coverage = new();
    private readonly List<SimulatedMachine> _machines = [];
    private readonly Dictionary<string, SimulatedMachine> _byEndpoint = [];
    private readonly Application _application;
    private readonly SimulatedMachine _ledger;
    private readonly SimulatedCoordination? _coordination;
    private readonly bool _aimsAtSchedulers;      // where a rule about the store is broken: it shows when a leader is deposed without knowing it
    private readonly Mutant _mutant;
    private readonly bool _hasBlackout;      // nobody leads and no store answers for so long that nodes work alone
    private readonly bool _sparesLeader;     // then the store alone is gone for so long, and whoever leads goes on
    private readonly bool _hasSleeper;       // a worker is stopped while all else heals, and wakes to a cluster that has gone on without it
    private readonly SimulatedOperator? _drains;
    private bool _hasHealed;
    private bool _isDark;

    /// <summary>A cluster on whose nodes work of the plain simulated class is run.</summary>
    public SimulatedCluster(ulong seed, Mutant mutant = Mutant.None) : this(seed, mutant, static _ => []) { }

    private SimulatedCluster(ulong seed, Mutant mutant, Func<World, IReadOnlyList<SupervisedClass>> drawClasses)
    {
        _world = new World(seed);
        var classes = drawClasses(_world);
        var kept = new SplitMix64(seed ^ 0x5E1F);
        long? keepsMs = mutant == Mutant.None && classes.Count == 0 && kept.NextInt(4) == 0 ? 1_000 + kept.NextInt(3_000) : null;      // for less than some ledgers are out of reach; the supervision's judge does not know that a node may begin a task again that it has ended
        _judge = new Judge(_world) { KeepsUndeliveredMs = keepsMs ?? long.MaxValue };
        _aimsAtSchedulers = mutant.IsOfTheStore();
        _mutant = mutant;
        _operator = new SimulatedProcess(_world, _world.NextProcess(), TimeSpan.Zero);
        _network = new SimulatedNetwork(_world) { Struck = (fault, endpoint) => Note(fault, _byEndpoint[endpoint]) };
        var accidents = _world.Chance(0.4) ? 0.03 : 0;
        var isCoordinated = _world.Chance(0.5) || mutant.IsOfTheStore();
        var isWhole = !isCoordinated && _world.Chance(0.3);      // one node with all roles, as an embedding host has it, and workers that join it
        var schedulers = isWhole ? 0 : 1;
        Peer? leader = isWhole ? new(new NodeId("ledger"), default, "sim://ledger/") : new(new NodeId("scheduler-0"), default, "sim://scheduler-0/");
        if (isCoordinated)
        {
            schedulers = 2 + _world.Draw(2);
            leader = null;
            _coordination = new SimulatedCoordination(_world, _operator.Time)
            {
                LostAnswers = 0.05,
                Lost = endpoint => Note(Fault.LostAnswer, _byEndpoint[endpoint]),
                Committed = _judge.Assignments.Committed,
            };
        }

        var apart = new SplitMix64(seed ^ 0xB1AC);      // drawn apart, so that all else stays what it was
        _hasBlackout = !isWhole && (mutant.IsOfWorkAlone() || apart.NextInt(4) == 0);
        _sparesLeader = isCoordinated && !mutant.IsOfWorkAlone() && apart.NextInt(3) == 0;
        var isToldInTurn = apart.NextInt(2) == 0;
        _hasSleeper = mutant == Mutant.GoesOnUnasked || new SplitMix64(seed ^ 0x51EE).NextInt(4) == 0;
        if (mutant.IsOfDrains() || new SplitMix64(seed ^ 0xD7A1).NextInt(3) == 0) _drains = new SimulatedOperator(_world, _operator, _judge, _machines);
        for (var number = 0; number < schedulers; number++) Add($"scheduler-{number}", NodeRoles.Scheduler, null);
        _ledger = isWhole ? Add("ledger", NodeRoles.All, null) : Add("ledger", _world.Chance(0.5) && !_hasBlackout ? NodeRoles.Client : NodeRoles.Client | NodeRoles.Worker, leader);
        var workers = 2 + _world.Draw(3);
        for (var number = 0; number < workers; number++) Add($"worker-{number}", NodeRoles.Worker, leader);

        var deadly = _world.Chance(0.25);
        var works = Enumerable.Range(0, classes.Count > 0 ? FewPlain : 16 + _world.Draw(24)).Select(number => (IWork)Work(number, deadly && number == (classes.Count > 0 ? 2 : 7))).ToList();
        for (var count = classes.Count > 0 ? 12 + _world.Draw(8) : 0; count > 0; count--) works.Add(DrawSupervised(works.Count, classes[_world.Draw(classes.Count)].Key));
        _application = new Application(_world, _judge, works, cancelled: 0.1, LatestSubmission);
        _ledger.Up = runtime => _application.Up(runtime, _ledger.Process!);

        SimulatedMachine Add(string name, NodeRoles roles, Peer? joins)
        {
            var skew = TimeSpan.FromMinutes(_world.Draw(120) - 60);
            var settings = new MachineSettings(roles, joins, _coordination, skew, accidents, mutant, classes);
            if (_hasBlackout) settings = settings with { AloneMs = (long)AloneInBlackout.TotalMilliseconds };
            if (keepsMs is { } ms) settings = settings with { KeepUndeliveredMs = ms };
            if (isToldInTurn) settings = settings with { AnnouncedBytes = FewAnnouncedBytes };
            var machine = new SimulatedMachine(_world, _network, _judge, name, settings) { Down = IsDown };
            _machines.Add(machine);
            _byEndpoint.Add(machine.Endpoint, machine);
            return machine;
        }
    }

    /// <summary>A cluster in which most of the work is supervised: models, rules, validators, voters and policies are drawn too.</summary>
    public static SimulatedCluster Supervised(ulong seed, Mutant mutant = Mutant.None) =>
        new(seed, mutant, static world => [.. Enumerable.Range(0, 3).Select(number => new SupervisedClass(world, number))]);

    public Coverage Coverage => _coverage;

    public long Events => _world.Events;

    public ulong Trace => _world.Trace;

    public Judge Judge => _judge;

    /// <summary>What a user's model does in each pass, beside its work.</summary>
    public Func<ValueTask>? UserCode { get => _world.UserCode; set => _world.UserCode = value; }

    /// <summary>Whether anything came back on another thread.</summary>
    public bool HasEscaped => _world.HasEscaped;

    /// <summary>Where the run is told, line by line.</summary>
    public TextWriter? Story { get => _world.Story; set => _world.Story = value; }

    /// <inheritdoc cref="World.ThrowIfEscaped"/>
    public void ThrowIfEscaped() => _world.ThrowIfEscaped();

    /// <summary>Runs to the end; the violations that were found.</summary>
    public IReadOnlyList<string> Run()
    {
        foreach (var machine in _machines) machine.Start();
        _network.Faults = new NetworkFaults(_world.Draw(3) * 0.02, _world.Draw(3) * 0.03, _world.Draw(3) * 0.03) { Blocks = new BlockFaults(_world.Draw(2) * 0.002, _world.Draw(2) * 0.002, _world.Draw(2) * 0.002, _world.Draw(2) * 0.01) };
        var beganTicks = _world.NowTicks;
        var untilTicks = beganTicks + FaultyTime.Ticks;
        while (_world.NowTicks < untilTicks && !_world.IsExhausted)
        {
            _world.Run(TimeSpan.FromMilliseconds(100 + _world.Draw(1_500)));
            Strike();
            if (_drains is not null && _world.Chance(0.3)) Drain(_drains);
            if (_hasBlackout) DarkenOrLighten(_world.NowTicks - beganTicks);
        }

        HealAll();
        if (!_world.RunUntil(() => (_application.IsDone && _drains is not { IsDone: false }) || IsBroken || Bug() is not null, QuietLimit))
        {
            foreach (var left in _application.Unfinished.Take(3)) _judge.Violated('b', $"never settled: {left}");
            if (_application.IsDone) _judge.Violated('l', "an operator was never answered");
        }
        else if (!IsBroken)
        {
            // Longer than any two tries of anything are apart; whatever takes longer to leave a disk has its time.
            _world.Run(QuietTime);
            for (var latestTicks = _world.NowTicks + DrainLimit.Ticks; _world.NowTicks < latestTicks && !_world.IsExhausted && !_machines.TrueForAll(machine => Judge.IsBare(machine.Disk));) _world.Run(TimeSpan.FromSeconds(1));
            foreach (var machine in _machines) _judge.Ended(machine.Name, machine.Disk);
            foreach (var machine in _machines.Where(machine => machine.IsUp)) _judge.Drains.Ended(machine.Process!);
        }

        if (_world.IsExhausted) _judge.Violated('x', "the run goes round in circles");
        if (Bug() is { } bug) _judge.Violated('x', bug.ToString());
        return _judge.Violations;
    }

    /// <summary>Whether enough is known. A rule of terms shows in one kind of violation, which may come after others.</summary>
    private bool IsBroken => _judge.Violations.Count > 0 && !_mutant.IsOfTerms();

    private Exception? Bug() => _application.Failure ?? _drains?.Failure ?? _machines.Select(machine => machine.Failure).FirstOrDefault(failure => failure is not null);

    private void Strike()
    {
        var machine = _machines[_world.Draw(_machines.Count)];
        if (_aimsAtSchedulers && _world.Chance(0.5)) machine = _machines.First(one => one.Settings.Roles == NodeRoles.Scheduler);
        switch (_aimsAtSchedulers && _world.Chance(0.4) ? 4 : _world.Draw(13))
        {
            case 0 or 1 or 2 when machine.IsUp:
                Kill(machine);
                break;
            case 3 when machine is { IsUp: true, IsStopping: false }:
                Note(Fault.Stop, machine);
                machine.Stop();
                break;
            case 4 when machine is { IsUp: true, Process.IsPaused: false }:
                Note(Fault.Pause, machine);
                machine.Process.Pause();
                break;
            case 5 when machine is { IsUp: true, Process.IsPaused: true }:
                machine.Process.Resume();
                break;
            case 6:
                var other = _machines[_world.Draw(_machines.Count)];
                Note(Fault.Partition, machine);
                _network.Cut(machine.Endpoint, other.Endpoint);
                if (_world.Chance(0.5)) _network.Cut(other.Endpoint, machine.Endpoint);
                break;
            case 7:
                _network.Heal();
                break;
            case 8 when machine.IsUp && _world.Chance(0.5):
                Note(Fault.FullDisk, machine);
                machine.Disk.IsFull = true;
                break;
            case 9 when machine.IsUp && machine.Settings.Roles == NodeRoles.Worker && _world.Chance(0.5):
                Note(Fault.LostCommits, machine);
                machine.Kill();
                machine.Disk.LoseLast(1 + _world.Draw(8));
                break;
            case 10 when _coordination is { IsDown: false }:
                foreach (var struck in _machines) Note(Fault.StoreDown, struck);
                _coordination.IsDown = true;
                break;
            case 11 when _coordination is not null:
                Note(Fault.StoreCut, machine);
                _coordination.Cut.Add(machine.Endpoint);
                break;
            case 12 when machine.IsUp:
                Damage(machine);
                break;
        }

        if (_coordination is not null && _world.Chance(_mutant.IsOfARestore() ? 0.5 : 0.03)) Restore(_coordination);
        if (_coordination is { IsDown: true } && _world.Chance(0.3)) _coordination.IsDown = false;
        if (_coordination is { Cut.Count: > 0 } && _world.Chance(0.1)) _coordination.Cut.Clear();
        foreach (var down in _machines)
        {
            if (down.IsUp && down.Process!.IsPaused && _world.Chance(0.2)) down.Process.Resume();
            if (!down.IsUp && _world.Chance(0.5)) down.Start();
        }
    }

    private void Drain(SimulatedOperator drains)
    {
        var nodes = _machines.Where(machine => machine.Settings.Roles.HasFlag(NodeRoles.Worker)).ToList();
        var machine = nodes[_world.Draw(nodes.Count)];
        if (!drains.IsFree(machine)) return;
        Note(Fault.Drain, machine);
        drains.Drain(machine);
    }

    private void Restore(SimulatedCoordination store)
    {
        if (!store.Restore(isRaised: _mutant != Mutant.GenerationNotRaised)) return;
        foreach (var struck in _machines) Note(Fault.StoreRestored, struck);
        _judge.Assignments.Restored(store.Generation);
    }

    /// <summary>After each strike, while it lasts: whatever that has brought back is gone again.</summary>
    private void DarkenOrLighten(long elapsedTicks)
    {
        var isDark = elapsedTicks >= BlackoutBegins.Ticks && elapsedTicks < (BlackoutBegins + BlackoutTime).Ticks;
        if (isDark && !_isDark)
        {
            foreach (var struck in _machines) Note(Fault.Blackout, struck);
        }

        if (isDark || _isDark) _coordination?.IsDown = isDark;
        _isDark = isDark;
        if (!isDark || _sparesLeader) return;
        foreach (var leader in _machines.Where(machine => machine.Settings.Roles == NodeRoles.Scheduler)) leader.Kill();
    }

    private void Kill(SimulatedMachine machine)
    {
        var states = StatesOf(machine);
        var hasLost = machine.Kill();
        foreach (var state in states)
        {
            _coverage.Hit(Fault.Kill, state);
            if (hasLost) _coverage.Hit(Fault.LostWrite, state);
        }

        if (_world.Chance(0.3)) machine.Start();
    }

    /// <summary>The process is killed, and bytes of its checkpoints are not what they were when it starts again.</summary>
    private void Damage(SimulatedMachine machine)
    {
        var states = StatesOf(machine);
        machine.Kill();
        if (!machine.Damage()) return;
        _world.Tell($"FAULT {Fault.Damage} at {machine.Name}");
        foreach (var state in states) _coverage.Hit(Fault.Damage, state);
    }

    private void HealAll()
    {
        _hasHealed = true;
        _network.Heal();
        _network.Faults = NetworkFaults.None;
        if (_coordination is not null)
        {
            (_coordination.IsDown, _coordination.LostAnswers) = (false, 0);
            _coordination.Cut.Clear();
        }

        var sleeper = _hasSleeper ? _machines.FirstOrDefault(machine => machine is { IsUp: true, IsStopping: false, Settings.Roles: NodeRoles.Worker }) : null;
        foreach (var machine in _machines)
        {
            if (machine.Process is { IsPaused: true, IsAlive: true } && machine != sleeper) machine.Process.Resume();
            machine.Disk.IsFull = false;
            if (!machine.IsUp) machine.Start();
        }

        if (sleeper is not null) SleepThrough(sleeper);
        _judge.LateWork.Healed();
        _drains?.End(after: sleeper is null ? TimeSpan.Zero : SleepsFor);
    }

    private void SleepThrough(SimulatedMachine sleeper)
    {
        var process = sleeper.Process!;
        if (!process.IsPaused)
        {
            Note(Fault.Pause, sleeper);
            process.Pause();
        }

        var timer = new SimulatedTimer(_world, _operator, _ => process.Resume(), null);
        timer.Change(SleepsFor, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Once all is healed, whatever still ends is started again after a while, as a supervisor of processes would.</summary>
    private void IsDown(SimulatedMachine machine)
    {
        if (!_hasHealed) return;
        var timer = new SimulatedTimer(_world, _operator, _ => machine.StartAgain(), null);
        timer.Change(TimeSpan.FromMilliseconds(500 + _world.Draw(2_000)), Timeout.InfiniteTimeSpan);
    }

    private void Note(Fault fault, SimulatedMachine machine)
    {
        if (fault is Fault.Pause or Fault.Partition or Fault.StoreCut) _judge.FellSilent(machine.Name, machine.StartOfNode);
        _world.Tell($"FAULT {fault} at {machine.Name}");
        foreach (var state in StatesOf(machine)) _coverage.Hit(fault, state);
    }

    private List<StruckState> StatesOf(SimulatedMachine machine) => machine.StatesOf(machine == _ledger && !_application.IsDone);

    private SimulatedWork Work(int number, bool isDeadly) => new(number, 1 + _world.Draw(12), isDeadly ? Temper.Deadly : _world.Draw(20) switch
    {
        0 or 1 => Temper.Poisonous,
        2 or 3 => Temper.Clumsy,
        4 => Temper.Stubborn,
        _ => Temper.Calm,
    });

    private SupervisedWork DrawSupervised(int number, ClassKey @class)
    {
        var budget = new TaskBudget
        {
            Iterations = 2 + _world.Draw(14),
            Passes = _world.Chance(0.5) ? 4 + _world.Draw(40) : null,
            Cost = _world.Chance(0.5) ? 4 + _world.Draw(60) : null,
            Time = _world.Chance(0.1) ? TimeSpan.FromMilliseconds(50 + _world.Draw(600)) : null,
        };
        TimeSpan? deadline = _world.Chance(0.1) ? TimeSpan.FromSeconds(5 + _world.Draw(30)) : null;
        return new SupervisedWork(number, @class, _world.NextSeed(), (Course)_world.Draw(Enum.GetValues<Course>().Length), budget, deadline);
    }
}
