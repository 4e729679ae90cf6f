using Rqml.Hosting;

namespace Rqml.Testing.Simulation.Large;

/// <summary>A seeded stream of faults over the machines of a large cluster. Most of them look for a machine that is about something rare.</summary>
internal sealed class Storm
{
    private static readonly StruckState[] States = Enum.GetValues<StruckState>();

    private readonly World _world;
    private readonly SimulatedProcess _operator;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedCoordination _coordination;
    private readonly Judge _judge;
    private readonly IReadOnlyList<SimulatedMachine> _machines;
    private readonly Func<SimulatedMachine, bool> _hasOpenWork;
    private readonly Dictionary<string, SimulatedMachine> _byEndpoint;

    /// <param name="world">Whose draws decide.</param>
    /// <param name="operator">Whose time faults last by that end by themselves.</param>
    /// <param name="network">Between the machines.</param>
    /// <param name="coordination">The store that they share.</param>
    /// <param name="judge">Who has to know what fell silent.</param>
    /// <param name="machines">All of the cluster.</param>
    /// <param name="hasOpenWork">Whether an application on a machine waits for something.</param>
    public Storm(World world, SimulatedProcess @operator, SimulatedNetwork network, SimulatedCoordination coordination, Judge judge, IReadOnlyList<SimulatedMachine> machines, Func<SimulatedMachine, bool> hasOpenWork)
    {
        (_world, _operator, _network, _coordination, _judge, _machines, _hasOpenWork) = (world, @operator, network, coordination, judge, machines, hasOpenWork);
        _byEndpoint = machines.ToDictionary(machine => machine.Endpoint);
        _network.Struck = (fault, endpoint) => Note(fault, _byEndpoint[endpoint]);
        _coordination.Lost = endpoint => Note(Fault.LostAnswer, _byEndpoint[endpoint]);
    }

    public LargeCoverage Coverage { get; } = new();

    /// <summary>The same for the faults that strike small clusters too.</summary>
    public Coverage Others { get; } = new();

    /// <summary>How often the coordination store was restored from a backup, with its generation raised.</summary>
    public int Restored { get; private set; }

    /// <summary>Whether it is over: what would come and go by itself does so no longer.</summary>
    public bool IsOver { get; private set; }

    public void Begin() => _network.Faults = new NetworkFaults(_world.Draw(3) * 0.01, _world.Draw(3) * 0.015, _world.Draw(3) * 0.015)
    {
        Blocks = new BlockFaults(_world.Draw(2) * 0.001, _world.Draw(2) * 0.001, _world.Draw(2) * 0.001, _world.Draw(2) * 0.005),
    };

    /// <summary>One of these machines: as a rule one in a state that was drawn first, among those that any of them is in, so that rare states are met as often as common ones.</summary>
    public SimulatedMachine Pick(IReadOnlyList<SimulatedMachine> machines)
    {
        if (_world.Chance(0.8))
        {
            var byState = machines.SelectMany(machine => StatesOf(machine), static (machine, state) => (machine, state)).ToLookup(found => found.state, found => found.machine);
            var states = States.Where(byState.Contains).ToList();
            if (states.Count > 0)
            {
                var there = byState[states[_world.Draw(states.Count)]].ToList();
                return there[_world.Draw(there.Count)];
            }
        }

        return machines[_world.Draw(machines.Count)];
    }

    public void Strike()
    {
        var machine = Pick(_machines);
        var hasWorkers = machine.Settings.Roles.HasFlag(NodeRoles.Worker);
        switch (_world.Draw(22))
        {
            case 0 or 1 when machine.IsUp:
                Kill(machine);
                break;
            case 2 when machine is { IsUp: true, IsStopping: false }:
                Note(Fault.Stop, machine);
                machine.Stop();
                break;
            case 3 when machine is { IsUp: true, Process.IsPaused: false }:
                Note(Fault.Pause, machine);
                machine.Process.Pause();
                break;
            case 4:
                Note(Fault.Partition, machine);
                foreach (var other in Peers()) Cut(machine, other);
                break;
            case 5 or 6:
                CutOneWay(machine);
                break;
            case 7 or 8:
                Note(LargeFault.Flap, machine);
                Flap(machine, Peers(), 4 + _world.Draw(12));
                break;
            case 9 when machine.IsUp:
                Note(Fault.FullDisk, machine);
                machine.Disk.IsFull = true;
                break;
            case 10 when machine.IsUp && machine.Settings.Roles == NodeRoles.Worker:
                Note(Fault.LostCommits, machine);
                machine.Kill();
                machine.Disk.LoseLast(1 + _world.Draw(8));
                break;
            case 11 when machine.IsUp:
                Damage(machine);
                break;
            case 12 or 13 when hasWorkers:
                Note(LargeFault.SlowWorkers, machine);
                machine.Workers = WorkerHealth.Sound with { Slowness = 2 + _world.Draw(9) };      // at its worst a pass takes 1.5 s, and is not taken for hung
                break;
            case 14 or 15 when hasWorkers:
                Note(LargeFault.HangingWorkers, machine);
                machine.Workers = WorkerHealth.Sound with { Hangs = 0.1 };
                break;
            case 16 or 17 when hasWorkers:
                Note(LargeFault.CrashingWorkers, machine);
                machine.Workers = WorkerHealth.Sound with { Dies = 0.1 };
                break;
            case 18 or 19:
                Note(LargeFault.ClockSet, machine);
                machine.SetClock(TimeSpan.FromMinutes(_world.Draw(120) - 60));
                break;
            case 20 when !_coordination.IsDown && _world.Chance(0.1):
                foreach (var struck in _machines) Note(Fault.StoreDown, struck);
                _coordination.IsDown = true;
                break;
            case 21:
                Note(Fault.StoreCut, machine);
                _coordination.Cut.Add(machine.Endpoint);
                break;
        }

        if (_world.Chance(0.006)) Restore();
    }

    /// <summary>Some of what was struck comes back, as it would by its supervisors and operators.</summary>
    public void Ease()
    {
        if (_world.Chance(0.15)) _network.Heal();
        if (_coordination.IsDown && _world.Chance(0.2)) _coordination.IsDown = false;
        if (_coordination.Cut.Count > 0 && _world.Chance(0.1)) _coordination.Cut.Clear();
        foreach (var machine in _machines)
        {
            if (machine is { IsUp: true, Process.IsPaused: true } && _world.Chance(0.1)) machine.Process.Resume();
            if (machine.Workers != WorkerHealth.Sound && _world.Chance(0.1)) machine.Workers = WorkerHealth.Sound;
            if (!machine.IsUp && _world.Chance(0.3)) machine.Start();
        }
    }

    /// <summary>Everything heals, and stays so.</summary>
    public void End()
    {
        IsOver = true;
        _network.Heal();
        _network.Faults = NetworkFaults.None;
        (_coordination.IsDown, _coordination.LostAnswers) = (false, 0);
        _coordination.Cut.Clear();
        foreach (var machine in _machines)
        {
            if (machine.Process is { IsPaused: true, IsAlive: true }) machine.Process.Resume();
            machine.Disk.IsFull = false;
            machine.Workers = WorkerHealth.Sound;
            if (!machine.IsUp) machine.Start();
        }

        _judge.LateWork.Healed();
    }

    public void Note(LargeFault fault, SimulatedMachine machine)
    {
        if (fault is LargeFault.OneWay or LargeFault.Flap) _judge.FellSilent(machine.Name, machine.StartOfNode);
        _world.Tell($"FAULT {fault} at {machine.Name}");
        foreach (var state in StatesOf(machine)) Coverage.Hit(fault, state);
    }

    private void Note(Fault fault, SimulatedMachine machine)
    {
        if (fault is Fault.Pause or Fault.Partition or Fault.StoreCut) _judge.FellSilent(machine.Name, machine.StartOfNode);
        _world.Tell($"FAULT {fault} at {machine.Name}");
        foreach (var state in StatesOf(machine)) Others.Hit(fault, state);
    }

    private List<StruckState> StatesOf(SimulatedMachine machine) => machine.StatesOf(_hasOpenWork(machine));

    private void Restore()
    {
        if (!_coordination.Restore(isRaised: true)) return;
        Restored++;
        foreach (var struck in _machines) Note(Fault.StoreRestored, struck);
        _judge.Assignments.Restored(_coordination.Generation);
    }

    private void Kill(SimulatedMachine machine)
    {
        var states = StatesOf(machine);
        var hasLost = machine.Kill();
        foreach (var state in states)
        {
            Others.Hit(Fault.Kill, state);
            if (hasLost) Others.Hit(Fault.LostWrite, state);
        }
    }

    private void Damage(SimulatedMachine machine)
    {
        var states = StatesOf(machine);
        machine.Kill();
        if (!machine.Damage()) return;
        _world.Tell($"FAULT {Fault.Damage} at {machine.Name}");
        foreach (var state in states) Others.Hit(Fault.Damage, state);
    }

    private void CutOneWay(SimulatedMachine machine)
    {
        Note(LargeFault.OneWay, machine);
        var hears = _world.Chance(0.5);
        foreach (var other in Peers())
        {
            if (hears) _network.Cut(machine.Endpoint, other.Endpoint);
            else _network.Cut(other.Endpoint, machine.Endpoint);
        }
    }

    private void Flap(SimulatedMachine machine, IReadOnlyList<SimulatedMachine> others, int left)
    {
        foreach (var other in others)
        {
            if (left % 2 == 0 && !IsOver) Cut(machine, other);
            else Mend(machine, other);
        }

        if (left == 0 || IsOver) return;
        var timer = new SimulatedTimer(_world, _operator, _ => Flap(machine, others, left - 1), null);
        timer.Change(TimeSpan.FromMilliseconds(50 + _world.Draw(700)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whom a machine talks to: those that schedule and submit, all of them or one; and a few others.</summary>
    private List<SimulatedMachine> Peers()
    {
        var central = _machines.Where(machine => machine.Settings.Roles != NodeRoles.Worker).ToList();
        if (_world.Chance(0.5)) central = [central[_world.Draw(central.Count)]];
        for (var more = _world.Draw(4); more > 0; more--) central.Add(_machines[_world.Draw(_machines.Count)]);
        return central;
    }

    private void Cut(SimulatedMachine one, SimulatedMachine other)
    {
        _network.Cut(one.Endpoint, other.Endpoint);
        _network.Cut(other.Endpoint, one.Endpoint);
    }

    private void Mend(SimulatedMachine one, SimulatedMachine other)
    {
        _network.Mend(one.Endpoint, other.Endpoint);
        _network.Mend(other.Endpoint, one.Endpoint);
    }
}
