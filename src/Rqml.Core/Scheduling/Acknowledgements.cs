using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What ledgers are still to hear: that the scheduler has the tasks that they announced. Said of many at once, and before a ledger has to wait with the next ones.</summary>
internal sealed class Acknowledgements(Peer self)
{
    /// <summary>Announcements that are taken before their ledgers hear of it: half of what a ledger with the smallest window announces.</summary>
    public const long MostBytes = 64 << 10;

    private readonly List<ScheduledTask> _due = [];
    private long _bytes;

    public void Add(ScheduledTask task, Term term, EffectBuffer<SchedulerEffect> effects)
    {
        if (!task.IsUnacknowledged)
        {
            task.IsUnacknowledged = true;
            _due.Add(task);
            _bytes += Announcement.BytesOf(task.Spec);
        }

        if (_bytes >= MostBytes) Send(term, effects);
    }

    public void Send(Term term, EffectBuffer<SchedulerEffect> effects)
    {
        foreach (var group in _due.Where(task => !task.IsReleased).GroupBy(task => task.Ledger))
        {
            effects.Add(SchedulerEffect.Send(group.Key, new Message(MessageKind.Announced, self, Epoch: new Epoch(term.Generation, term.Number, 0), Body: group.Select(task => task.Spec.Id).ToArray())));
        }

        foreach (var task in _due) task.IsUnacknowledged = false;
        Clear();
    }

    public void Clear()
    {
        _due.Clear();
        _bytes = 0;
    }
}
