using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Testing.Simulation;

/// <summary>One run: machines, an application and a seeded stream of faults; then everything heals, and all that was accepted has to be settled.</summary>
internal sealed class SimulatedCluster
{
    private static readonly TimeSpan FaultyTime = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(10);

    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly Judge _judge = new();
    private readonly Coverage _coverage = new();
    private readonly List<SimulatedMachine> _machines = [];
    private readonly Application _application;
    private readonly SimulatedMachine _ledger;
    private readonly SimulatedMachine _scheduler;

    public SimulatedCluster(ulong seed, Mutation mutation = Mutation.None)
    {
        _world = new World(seed);
        _network = new SimulatedNetwork(_world);
        var accidents = _world.Chance(0.3) ? 0.02 : 0;
        var leader = new Peer(new NodeId("scheduler"), default, "sim://scheduler/");
        _scheduler = Add("scheduler", NodeRoles.Scheduler, null);
        _ledger = Add("ledger", _world.Chance(0.5) ? NodeRoles.Client : NodeRoles.Client | NodeRoles.Worker, leader);
        var workers = 2 + _world.Draw(3);
        for (var number = 0; number < workers; number++) Add($"worker-{number}", NodeRoles.Worker, leader);

        var works = Enumerable.Range(0, 12 + _world.Draw(20)).Select(Work).ToArray();
        _application = new Application(_world, _judge, works, cancelled: 0.1);
        _ledger.Up = runtime => _application.Up(runtime, _ledger.Process!);

        SimulatedMachine Add(string name, NodeRoles roles, Peer? joins)
        {
            var skew = TimeSpan.FromMinutes(_world.Draw(120) - 60);
            var machine = new SimulatedMachine(_world, _network, _judge, name, roles, joins, new MachineSettings(skew, accidents, mutation));
            _machines.Add(machine);
            return machine;
        }
    }

    public Coverage Coverage => _coverage;

    public long Events => _world.Events;

    public ulong Trace => _world.Trace;

    public Judge Judge => _judge;

    /// <summary>Runs to the end; the violations that were found.</summary>
    public IReadOnlyList<string> Run()
    {
        foreach (var machine in _machines) machine.Start();
        _network.Faults = new NetworkFaults(_world.Draw(3) * 0.02, _world.Draw(3) * 0.03, _world.Draw(3) * 0.03);
        var untilTicks = _world.NowTicks + FaultyTime.Ticks;
        while (_world.NowTicks < untilTicks && !_world.IsExhausted)
        {
            _world.Run(TimeSpan.FromMilliseconds(100 + _world.Draw(1_500)));
            Strike();
        }

        HealAll();
        if (!_world.RunUntil(() => _application.IsDone || Bug() is not null, QuietLimit))
        {
            foreach (var left in _application.Unfinished.Take(3)) _judge.Violated('b', $"never settled: {left}");
        }

        if (_world.IsExhausted) _judge.Violated('x', "the run goes round in circles");
        if (Bug() is { } bug) _judge.Violated('x', bug.ToString());
        Count("network", _network);
        return _judge.Violations;
    }

    private Exception? Bug() => _application.Failure ?? _machines.Select(machine => machine.StartFailure).FirstOrDefault(failure => failure is not null);

    private void Strike()
    {
        var machine = _machines[_world.Draw(_machines.Count)];
        switch (_world.Draw(8))
        {
            case 0 or 1 when machine.IsUp:
                Note("kill", machine);
                machine.Kill();
                break;
            case 2 when machine.IsUp:
                Note("restart", machine);
                machine.Kill();
                machine.Start();
                break;
            case 3 when machine is { IsUp: true, Process.IsPaused: false }:
                Note("pause", machine);
                machine.Process.Pause();
                break;
            case 4 when machine is { IsUp: true, Process.IsPaused: true }:
                machine.Process.Resume();
                break;
            case 5:
                var other = _machines[_world.Draw(_machines.Count)];
                Note("partition", machine);
                _network.Cut(machine.Endpoint, other.Endpoint);
                if (_world.Chance(0.5)) _network.Cut(other.Endpoint, machine.Endpoint);
                break;
            case 6:
                _network.Heal();
                break;
            case 7 when machine.IsUp && _world.Chance(0.3):
                Note("full disk", machine);
                machine.Disk.IsFull = true;
                break;
        }

        foreach (var down in _machines)
        {
            if (!down.IsUp && _world.Chance(0.4)) down.Start();
        }
    }

    private void HealAll()
    {
        _network.Heal();
        _network.Faults = NetworkFaults.None;
        foreach (var machine in _machines)
        {
            if (machine.Process is { IsPaused: true, IsAlive: true }) machine.Process.Resume();
            machine.Disk.IsFull = false;
            if (!machine.IsUp) machine.Start();
        }
    }

    /// <summary>Which states the struck machine was in.</summary>
    private void Note(string fault, SimulatedMachine machine)
    {
        if (machine.Runtime is not { } runtime) return;
        if (machine == _scheduler) _coverage.Hit(fault, "scheduling");
        if (machine == _ledger) _coverage.Hit(fault, "ledger");
        if (runtime.Node?.Machine is not { } node) return;
        if (node.RunningCount > 0) _coverage.Hit(fault, "running");
        if (node.HeldCount > node.RunningCount) _coverage.Hit(fault, "waiting");
        if (node.OutboundCount > 0) _coverage.Hit(fault, "outbound");
        if (node.HeldCount + node.OutboundCount == 0) _coverage.Hit(fault, "idle");
    }

    private void Count(string state, SimulatedNetwork network)
    {
        for (var hit = 0; hit < network.Dropped; hit++) _coverage.Hit("drop", state);
        for (var hit = 0; hit < network.Duplicated; hit++) _coverage.Hit("duplicate", state);
        for (var hit = 0; hit < network.Delayed; hit++) _coverage.Hit("delay", state);
        for (var hit = 0; hit < network.CutOff; hit++) _coverage.Hit("cut off", state);
    }

    private SimulatedWork Work(int number) => new(number, 1 + _world.Draw(12), _world.Draw(20) switch
    {
        0 => Temper.Poisonous,
        1 or 2 => Temper.Clumsy,
        3 => Temper.Stubborn,
        _ => Temper.Calm,
    });
}
