using System.Collections.Concurrent;
using Rqml.Hosting;
using Rqml.Messaging.Links;

namespace Rqml.Messaging;

/// <summary>
/// The last owner of a node's loop: by its turn the others have used up what links brought before, and their senders may send as much again. So a node that falls
/// behind is sent no more than it has granted.
/// </summary>
internal sealed class CreditReturn(EngineLoop loop) : Owner
{
    private const int MostBehind = 256;      // events that an owner handles in one turn

    private readonly ConcurrentQueue<(IncomingLink Link, FabricChannel Channel, int Bytes)> _owed = new();

    public override long NextDueMs => long.MaxValue;

    /// <summary>All that the link has brought so far is on its way to its owners. Only the link's reader calls it.</summary>
    public void Post(IncomingLink link)
    {
        var isOwed = false;
        for (var channel = 1; channel < link.Owed.Length; channel++)
        {
            if (link.Owed[channel] == 0) continue;
            _owed.Enqueue((link, (FabricChannel)channel, link.Owed[channel]));
            link.Owed[channel] = 0;
            isOwed = true;
        }

        if (isOwed) loop.Wake();
    }

    public override bool Drain(long nowMs)
    {
        if (_owed.IsEmpty || loop.Backlog > MostBehind) return false;      // whoever is behind takes another turn, and so do we
        var worked = false;
        for (var count = _owed.Count; count > 0 && _owed.TryDequeue(out var owed); count--)
        {
            owed.Link.Consumed(owed.Channel, owed.Bytes);
            worked = true;
        }

        return worked;
    }
}
