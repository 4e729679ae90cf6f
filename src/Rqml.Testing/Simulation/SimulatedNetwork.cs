using System.Buffers;
using Rqml.Messaging;

namespace Rqml.Testing.Simulation;

/// <summary>What becomes of messages that links have brought.</summary>
internal sealed record NetworkFaults(double Drop, double Duplicate, double Delay)
{
    public static NetworkFaults None { get; } = new(0, 0, 0);

    /// <summary>What becomes of blocks on their way.</summary>
    public BlockFaults Blocks { get; init; }
}

/// <summary>What the network does to blocks, which no real transport does: links have to bear it all the same.</summary>
internal readonly record struct BlockFaults(double Drop, double Duplicate, double Reorder, double Delay);

/// <summary>All links between processes: blocks take time and keep their order, and may be lost, doubled, late, swapped or cut off.</summary>
internal sealed class SimulatedNetwork(World world)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly World _world = world;
    private readonly SimulatedProcess _carrier = new(world, world.NextProcess(), TimeSpan.Zero);
    private readonly Dictionary<string, Listener> _listeners = [];
    private readonly Dictionary<string, LossyReceiver> _receivers = [];
    private readonly HashSet<(string From, string To)> _cut = [];
    private readonly List<Link> _links = [];

    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    /// <summary>Blocks that were lost, doubled and swapped.</summary>
    public long Lost { get; private set; }

    public long Doubled { get; private set; }

    public long Swapped { get; private set; }

    /// <summary>Called with the address of the machine for which a message was meant.</summary>
    public Action<Fault, string>? Struck { get; set; }

    /// <summary>Listens from now on, until the listener is disposed or the process ends.</summary>
    public IListener Listen(SimulatedProcess process, string endpoint)
    {
        var listener = new Listener(this, process, new Uri(endpoint));
        _listeners[endpoint] = listener;
        return listener;
    }

    public ITransport For(SimulatedProcess process, string endpoint) => new Transport(this, process, endpoint);

    /// <summary>Nothing goes from one to the other any more; the other way is untouched.</summary>
    public void Cut(string from, string to) => _cut.Add((from, to));

    /// <summary>That way is open again.</summary>
    public void Mend(string from, string to) => _cut.Remove((from, to));

    public void Heal() => _cut.Clear();

    /// <summary>One end of a link, drawn, closes; the other does not hear of it. False where there is no link.</summary>
    public bool HalfOpen()
    {
        if (_links.Count == 0) return false;
        var link = _links[_world.Draw(_links.Count)];
        _world.Enqueue(link.Process, link.Close);
        return true;
    }

    /// <summary>A link, drawn, is cut off in the middle: both ends hear of it. False where there is no link.</summary>
    public bool Disconnect()
    {
        if (_links.Count == 0) return false;
        var link = _links[_world.Draw(_links.Count)];
        _world.Enqueue(link.Process, link.Break);
        return true;
    }

    /// <summary>A process is gone: nobody listens there, and its links are closed.</summary>
    public void Drop(SimulatedProcess process)
    {
        foreach (var (address, listener) in _listeners.ToArray())
        {
            if (listener.Process == process) _listeners.Remove(address);
        }

        foreach (var link in _links.Where(link => link.Process == process || link.Other!.Process == process).ToArray()) link.Break();
    }

    private void After(SimulatedProcess process, TimeSpan delay, Action action)
    {
        var timer = new SimulatedTimer(_world, process, _ => action(), null);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Who hears at an address what the links of its process bring.</summary>
    public LossyReceiver Hears(string endpoint, LossyReceiver receiver) => _receivers[endpoint] = receiver;

    /// <summary>Brings a message late, to whichever start is there then: queues of brokers and proxies do that.</summary>
    public void HearLate(string endpoint, Message message) =>
        After(_carrier, Latency() + TimeSpan.FromMilliseconds(_world.Draw(4_000)), () =>
        {
            var receiver = _receivers[endpoint];
            After(receiver.Process, TimeSpan.Zero, () => receiver.Hear(message));
        });

    private TimeSpan Latency() => TimeSpan.FromMicroseconds(50 + _world.Draw(2_000));

    private sealed class Transport(SimulatedNetwork network, SimulatedProcess process, string endpoint) : ITransport
    {
        public string Scheme => "sim";

        public TransportCapabilities Capabilities { get; } = new(64 << 20, IsLocal: true, IsEncrypted: false);

        public Uri AddressFor(string node, bool isOwn) => new(endpoint);

        public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken) => new(network.Listen(process, address.AbsoluteUri));

        public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
        {
            await Task.Delay(network.Latency(), process.Time, cancellationToken);
            if (network._cut.Contains((endpoint, address.AbsoluteUri)) || network._cut.Contains((address.AbsoluteUri, endpoint)))
            {
                await Task.Delay(ConnectTimeout, process.Time, cancellationToken);
                throw new TransportException(address.AbsoluteUri, "nobody answers");
            }

            if (!network._listeners.TryGetValue(address.AbsoluteUri, out var listener)) throw new ConnectionRefusedException(address.AbsoluteUri);
            return network.Open(process, endpoint, listener, address.AbsoluteUri);
        }
    }

    private Link Open(SimulatedProcess process, string endpoint, Listener listener, string address)
    {
        var near = new Link(this, process, endpoint, address);
        var far = new Link(this, listener.Process, address, endpoint);
        (near.Other, far.Other) = (far, near);
        _links.Add(near);
        _links.Add(far);
        _world.Enqueue(listener.Process, () => listener.Offer(far));
        return near;
    }

    private sealed class Listener(SimulatedNetwork network, SimulatedProcess process, Uri address) : IListener
    {
        private readonly Queue<ILink> _offered = new();
        private TaskCompletionSource? _waiting;
        private bool _closed;

        public SimulatedProcess Process => process;

        public Uri Address => address;

        public void Offer(ILink link)
        {
            _offered.Enqueue(link);
            _waiting?.TrySetResult();
        }

        public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                if (_offered.TryDequeue(out var link)) return link;
                if (_closed) throw new TransportException(address.AbsoluteUri, "the listener was disposed");
                _waiting = new TaskCompletionSource();
                await _waiting.Task;
            }
        }

        public ValueTask DisposeAsync()
        {
            _closed = true;
            network._listeners.Remove(address.AbsoluteUri);
            _waiting?.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Link(SimulatedNetwork network, SimulatedProcess process, string from, string to) : ILink
    {
        private readonly Queue<byte[]> _received = new();
        private TaskCompletionSource? _waiting;
        private long _lastTicks;
        private bool _closed;

        public Link? Other { get; set; }

        public SimulatedProcess Process => process;

        public PeerIdentity Peer { get; } = new(to);

        public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
        {
            if (_closed) throw new LinkClosedException(to, "closed");
            var bytes = block.ToArray();
            Carry(bytes);
            await Task.Delay(TimeSpan.FromMicroseconds(20), process.Time, cancellationToken);
        }

        public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                if (_received.TryDequeue(out var bytes)) return new Block(new ReadOnlySequence<byte>(bytes), null);
                if (_closed) throw new LinkClosedException(to, "closed");
                _waiting = new TaskCompletionSource();
                await _waiting.Task;
            }
        }

        public void Break()
        {
            if (_closed) return;
            Close();
            var other = Other!;
            network.After(other.Process, Behind(network.Latency()), other.Close);
        }

        public ValueTask DisposeAsync()
        {
            Break();
            return ValueTask.CompletedTask;
        }

        public void Close()
        {
            if (_closed) return;
            _closed = true;
            network._links.Remove(this);
            _waiting?.TrySetResult();
        }

        private void Carry(byte[] bytes)
        {
            if (network._cut.Contains((from, to))) return;
            var faults = network.Faults.Blocks;
            if (network._world.Chance(faults.Drop))
            {
                network.Lost++;
                return;
            }

            Deliver(bytes, faults);
            if (!network._world.Chance(faults.Duplicate)) return;
            network.Doubled++;
            Deliver(bytes, faults);
        }

        private void Deliver(byte[] bytes, BlockFaults faults)
        {
            var other = Other!;
            var latency = network.Latency();
            if (network._world.Chance(faults.Delay)) latency += TimeSpan.FromMilliseconds(network._world.Draw(2_000));
            if (network._world.Chance(faults.Reorder)) network.Swapped++;
            else latency = Behind(latency);
            network.After(other.Process, latency, () => other.Receive(bytes));
        }

        /// <summary>Not before what was sent before.</summary>
        private TimeSpan Behind(TimeSpan latency)
        {
            _lastTicks = Math.Max(_lastTicks, network._world.NowTicks + latency.Ticks);
            return TimeSpan.FromTicks(_lastTicks - network._world.NowTicks);
        }

        public void Receive(byte[] bytes)
        {
            if (_closed) return;
            _received.Enqueue(bytes);
            _waiting?.TrySetResult();
        }
    }
}
