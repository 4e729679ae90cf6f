using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Simulation.Links;

/// <summary>What strikes links.</summary>
internal enum LinkFaultKind
{
    Disconnect,
    HalfOpen,
    Partition,
    Kill,
    Pause,
    Loss,
    Duplicate,
    Reorder,
}

/// <summary>One run of links alone: nodes that talk on every channel while the network and their processes fail; then all heals, and everything has to be accounted for.</summary>
internal sealed class SimulatedLinks : ISimulatedRun
{
    private static readonly TimeSpan FaultyTime = TimeSpan.FromSeconds(34);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromMinutes(2);

    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly LinkJudge _judge = new();
    private readonly List<LinkMachineNode> _nodes = [];
    private readonly LinkSettings _settings;
    private readonly int _busyness;

    public SimulatedLinks(ulong seed, LinkMutant mutant = LinkMutant.None)
    {
        _world = new World(seed);
        _network = new SimulatedNetwork(_world);
        _settings = new LinkSettings
        {
            WindowBytes = 128 << 10,
            EventWindowBytes = 128 << 10,
            SpillBytes = 128 << 10,
            Receive = (channel, windowBytes) => mutant == LinkMutant.None ? new IncomingStream(channel, windowBytes) : new MutantIncoming(channel, windowBytes, mutant),
            Send = (channel, mostBytes) => mutant == LinkMutant.None ? new OutgoingStream(channel, mostBytes) : new MutantOutgoing(channel, mostBytes, mutant),
        };
        _busyness = 1 + _world.Draw(16);
        for (var number = 2 + _world.Draw(2); number > 0; number--) _nodes.Add(new LinkMachineNode(_world, _network, _judge, $"node-{number}", _settings));
    }

    public LinkCoverage Coverage { get; } = new();

    public long Events => _world.Events;

    public ulong Trace => _world.Trace;

    public bool HasEscaped => _world.HasEscaped;

    public TextWriter? Story { get => _world.Story; set => _world.Story = value; }

    /// <summary>Runs to the end; the violations that were found.</summary>
    public IReadOnlyList<string> Run()
    {
        // Time goes on though no node wants anything.
        new SimulatedTimer(_world, new SimulatedProcess(_world, _world.NextProcess(), TimeSpan.Zero), static _ => { }, null).Change(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        foreach (var node in _nodes) node.Start();
        _network.Faults = NetworkFaults.None with { Blocks = new BlockFaults(_world.Draw(3) * 0.01, _world.Draw(3) * 0.01, _world.Draw(3) * 0.01, _world.Draw(3) * 0.02) };
        var untilTicks = _world.NowTicks + FaultyTime.Ticks;
        while (_world.NowTicks < untilTicks && !_world.IsExhausted && _judge.Violations.Count == 0)
        {
            _world.Run(TimeSpan.FromMilliseconds(1 + _world.Draw(60)));
            for (var count = _world.Draw(_busyness); count > 0; count--) Talk();
            if (_world.Chance(0.2)) Strike();
        }

        Heal();
        foreach (var from in _nodes) Talk(from);      // links that were left half-open are noticed by whoever has something to say
        if (_judge.Violations.Count == 0 && !_world.RunUntil(() => _judge.Open.Count == 0 || _judge.Violations.Count > 0, QuietLimit))
        {
            foreach (var left in _judge.Open.Take(3)) _judge.Violated($"neither arrived nor came back: {left}");
        }

        // Nothing is kept for ever: what has arrived is acknowledged.
        else if (_judge.Violations.Count == 0 && !_world.RunUntil(() => _nodes.All(node => node.Links?.KeptBytes() == 0), QuietLimit)) _judge.Violated("a sender keeps what has long arrived");

        if (_world.IsExhausted) _judge.Violated("the run goes round in circles");
        Coverage.Ended(_network, _judge, _nodes);
        return _judge.Violations;
    }

    private void Talk()
    {
        var from = _nodes[_world.Draw(_nodes.Count)];
        var to = _nodes[_world.Draw(_nodes.Count)];
        if (from == to || !from.IsUp || to.Peer is null) return;
        from.Send(to, Draw(), SentMessage.LeastLength + (_world.Draw(40) switch { 0 => _world.Draw(SentMessage.MostLength - SentMessage.LeastLength), < 6 => _world.Draw(20_000), _ => _world.Draw(400) }));
    }

    private void Talk(LinkMachineNode from)
    {
        foreach (var to in _nodes.Where(to => to != from))
        {
            foreach (var promise in ChannelPromise.All) from.Send(to, promise.Channel, SentMessage.LeastLength);
        }
    }

    private FabricChannel Draw() => ChannelPromise.All[_world.Draw(ChannelPromise.All.Count)].Channel;

    private void Strike()
    {
        var node = _nodes[_world.Draw(_nodes.Count)];
        _world.Tell($"strikes {node.Endpoint}");
        switch (_world.Draw(12))
        {
            case 0 or 1 or 2 when _network.Disconnect():
                Coverage.Hit(LinkFaultKind.Disconnect, node);
                break;
            case 3 or 4 when _network.HalfOpen():
                Coverage.Hit(LinkFaultKind.HalfOpen, node);
                break;
            case 5:
                var other = _nodes[_world.Draw(_nodes.Count)];
                _network.Cut(node.Endpoint, other.Endpoint);
                if (_world.Chance(0.5)) _network.Cut(other.Endpoint, node.Endpoint);
                Coverage.Hit(LinkFaultKind.Partition, node);
                break;
            case 6 or 7:
                _network.Heal();
                break;
            case 8 when node.IsUp:
                Coverage.Hit(LinkFaultKind.Kill, node);
                node.Kill();
                if (_world.Chance(0.5)) node.Start();
                break;
            case 9 when node is { IsUp: true, Process.IsPaused: false }:
                Coverage.Hit(LinkFaultKind.Pause, node);
                node.Process.Pause();
                break;
            case 10 when node is { IsUp: true, Process.IsPaused: true }:
                node.Process.Resume();
                break;
            case 11 when !node.IsUp:
                node.Start();
                break;
        }
    }

    private void Heal()
    {
        _network.Heal();
        _network.Faults = NetworkFaults.None;
        foreach (var node in _nodes)
        {
            if (node is { IsUp: true, Process.IsPaused: true }) node.Process.Resume();
            if (!node.IsUp) node.Start();
        }
    }
}
