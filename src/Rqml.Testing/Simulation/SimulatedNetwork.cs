using System.Buffers;
using Rqml.Messaging;

namespace Rqml.Testing.Simulation;

/// <summary>What the network does to blocks.</summary>
internal sealed record NetworkFaults(double Drop, double Duplicate, double Delay)
{
    public static NetworkFaults None { get; } = new(0, 0, 0);
}

/// <summary>All links between processes: blocks take time, and may be lost, doubled, late or cut off.</summary>
internal sealed class SimulatedNetwork(World world)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly World _world = world;
    private readonly SimulatedProcess _carrier = new(world, world.NextProcess(), TimeSpan.Zero);
    private readonly Dictionary<string, Listener> _listeners = [];
    private readonly HashSet<(string From, string To)> _cut = [];
    private readonly List<Link> _links = [];

    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    /// <summary>Called with each block that somebody sends, whatever becomes of it.</summary>
    public Action<SimulatedProcess, byte[]>? Sent { get; set; }

    /// <summary>Called with the address of the machine for which a block was meant.</summary>
    public Action<Fault, string>? Struck { get; set; }

    public ITransport For(SimulatedProcess process, string endpoint) => new Transport(this, process, endpoint);

    /// <summary>Nothing goes from one to the other any more; the other way is untouched.</summary>
    public void Cut(string from, string to) => _cut.Add((from, to));

    public void Heal() => _cut.Clear();

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

    /// <summary>What is late may come when its link is long closed, to the next start of whoever it was for: queues of brokers and proxies do that.</summary>
    private void DeliverLate(Link link, byte[] bytes)
    {
        if (!link.IsClosed)
        {
            After(link.Process, TimeSpan.Zero, () => link.Receive(bytes));
            return;
        }

        if (!_listeners.TryGetValue(link.From, out var listener)) return;
        var late = new Link(this, listener.Process, link.From, link.Peer.Address) { Other = link };
        _links.Add(late);
        listener.Offer(late);
        late.Receive(bytes);
        After(listener.Process, Latency(), late.Close);
    }

    private TimeSpan Latency() => TimeSpan.FromMicroseconds(50 + _world.Draw(2_000));

    private sealed class Transport(SimulatedNetwork network, SimulatedProcess process, string endpoint) : ITransport
    {
        public string Scheme => "sim";

        public TransportCapabilities Capabilities { get; } = new(64 << 20, IsLocal: true, IsEncrypted: false);

        public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
        {
            var listener = new Listener(network, process, address);
            network._listeners[address.AbsoluteUri] = listener;
            return new(listener);
        }

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
        private bool _closed;

        public Link? Other { get; set; }

        public string From => from;

        public bool IsClosed => _closed;

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
            Close();
            var other = Other!;
            network.After(other.Process, network.Latency(), other.Close);
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
            network.Sent?.Invoke(process, bytes);
            var faults = network.Faults;
            if (network._cut.Contains((from, to)))
            {
                return;
            }

            if (network._world.Chance(faults.Drop))
            {
                network.Struck?.Invoke(Fault.Drop, to);
                return;
            }

            Deliver(bytes, faults);
            if (!network._world.Chance(faults.Duplicate)) return;
            network.Struck?.Invoke(Fault.Duplicate, to);
            Deliver(bytes, faults);
        }

        private void Tell(byte[] bytes)
        {
            var block = new ReadOnlySequence<byte>(bytes);
            while (MessageCodec.TryRead(ref block, out var message)) network._world.Tell($"{from} gets {message.Kind} {message.Task} {message.Epoch} {message.Number} from {message.From}");
        }

        private void Deliver(byte[] bytes, NetworkFaults faults)
        {
            var other = Other!;
            if (!network._world.Chance(faults.Delay))
            {
                network.After(other.Process, network.Latency(), () => other.Receive(bytes));
                return;
            }

            network.Struck?.Invoke(Fault.Delay, to);
            network.After(network._carrier, network.Latency() + TimeSpan.FromMilliseconds(network._world.Draw(4_000)), () => network.DeliverLate(other, bytes));
        }

        public void Receive(byte[] bytes)
        {
            if (_closed) return;
            if (network._world.Story is not null) Tell(bytes);
            _received.Enqueue(bytes);
            _waiting?.TrySetResult();
        }
    }
}
