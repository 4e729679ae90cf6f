using Rqml.Hosting;

namespace Rqml.Messaging;

/// <summary>
/// The door of a node's loop for messages of which only the newest counts: a place for each peer and kind, so that whoever says much costs no more than whoever says
/// little.
/// </summary>
internal sealed class LatestInbox(EngineLoop loop, IMessageReceiver receiver) : Owner
{
    private readonly Lock _lock = new();
    private Dictionary<(Peer From, MessageKind Kind), Message> _newest = [];
    private Dictionary<(Peer From, MessageKind Kind), Message> _taken = [];

    public override long NextDueMs => long.MaxValue;

    /// <summary>Takes a message in place of the one before. Any thread.</summary>
    public void Post(in Message message)
    {
        lock (_lock) _newest[(message.From, message.Kind)] = message;
        loop.Wake();
    }

    public override bool Drain(long nowMs)
    {
        lock (_lock)
        {
            if (_newest.Count == 0) return false;
            (_newest, _taken) = (_taken, _newest);
        }

        foreach (var message in _taken.Values) receiver.Receive(message);
        _taken.Clear();
        return true;
    }
}
