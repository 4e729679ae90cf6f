using Rqml.Hosting;

namespace Rqml.Messaging;

public sealed class LatestInboxTests
{
    private static readonly Peer A = new(new NodeId("a"), new Incarnation(1), "");
    private static readonly Peer B = new(new NodeId("b"), new Incarnation(1), "");

    private readonly Heard _heard = new();
    private readonly LatestInbox _inbox;

    public LatestInboxTests() => _inbox = new LatestInbox(new EngineLoop(new IdleDispatcher(), new Clock(TimeProvider.System)), _heard);

    [Fact]
    public void Of_a_flood_the_newest_of_each_peer_and_kind_is_heard()
    {
        for (var number = 1; number <= 100_000; number++)
        {
            _inbox.Post(new Message(MessageKind.Report, A, Number: number));
            if (number % 2 == 0) _inbox.Post(new Message(MessageKind.Heard, A, Number: number));
        }

        _inbox.Post(new Message(MessageKind.Report, B, Number: 7));

        Assert.True(_inbox.Drain(0));
        Assert.Equal([("a", MessageKind.Report, 100_000), ("a", MessageKind.Heard, 100_000), ("b", MessageKind.Report, 7)], _heard.Messages);
        Assert.False(_inbox.Drain(0));
    }

    [Fact]
    public void What_comes_after_a_turn_is_heard_with_the_next()
    {
        _inbox.Post(new Message(MessageKind.Report, A, Number: 1));
        Assert.True(_inbox.Drain(0));
        _inbox.Post(new Message(MessageKind.Report, A, Number: 2));
        Assert.True(_inbox.Drain(0));

        Assert.Equal([("a", MessageKind.Report, 1), ("a", MessageKind.Report, 2)], _heard.Messages);
    }

    private sealed class IdleDispatcher : Dispatcher
    {
        public override void Post(IThreadPoolWorkItem item) { }
    }

    private sealed class Heard : IMessageReceiver
    {
        public List<(string From, MessageKind Kind, long Number)> Messages { get; } = [];

        public void Receive(in Message message) => Messages.Add((message.From.Node.Value, message.Kind, message.Number));

        public void Gone(Peer peer) { }

        public void Unreachable(Peer peer) { }
    }
}
