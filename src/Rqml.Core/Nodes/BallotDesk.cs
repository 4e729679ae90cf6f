using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Nodes;

/// <summary>The ballots that a node is asked for: each is cast once, and told again to whoever asks again. A pure machine's state; bounded.</summary>
internal sealed class BallotDesk
{
    private const int MostWaiting = 256;
    private const long MostWaitingBytes = 64 << 20;
    private const int MostRemembered = 1_024;

    private readonly Dictionary<(TaskId, Epoch, int Vote, int Voter), BallotJob> _jobs = [];
    private readonly Queue<(TaskId, Epoch, int, int)> _order = new();
    private readonly LinkedList<BallotJob> _waiting = new();

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>A job to be done, or done; null where there is no room for another.</summary>
    public BallotJob? Take(in Message message, long nowMs)
    {
        var call = (BallotCall)message.Body!;
        var key = (message.Task, message.Epoch, (int)message.Number, call.Voter);
        if (_jobs.TryGetValue(key, out var known))
        {
            known.Asker = message.From;
            return known;
        }

        if (_waiting.Count >= MostWaiting || _waiting.Sum(job => job.Bytes) >= MostWaitingBytes) return null;
        while (_order.Count >= MostRemembered) _jobs.Remove(_order.Dequeue());
        var job = new BallotJob(new Attempt(message.Task, message.Epoch), (int)message.Number, call, message.From, nowMs + call.DeadlineMs);
        _jobs.Add(key, job);
        _order.Enqueue(key);
        return job;
    }

    public void Enqueue(BallotJob job) => _waiting.AddLast(job);

    /// <summary>Whether one waits for a lane of that kind.</summary>
    public bool IsWaitedFor(string device)
    {
        foreach (var job in _waiting)
        {
            if (job.Call.Model.Device == device) return true;
        }

        return false;
    }

    /// <summary>The next that needs a lane of that kind; what nobody waits for any more is left out.</summary>
    public BallotJob? TakeNext(string device, long nowMs)
    {
        for (var place = _waiting.First; place is not null;)
        {
            var (job, next) = (place.Value, place.Next);
            if (job.DueMs <= nowMs) _waiting.Remove(place);
            else if (job.Call.Model.Device == device)
            {
                _waiting.Remove(place);
                return job;
            }

            place = next;
        }

        return null;
    }

    /// <summary>The node takes nothing new.</summary>
    public IReadOnlyList<BallotJob> Dismiss()
    {
        var dismissed = _waiting.ToArray();
        _waiting.Clear();
        return dismissed;
    }

    public static Message Cast(Peer self, BallotJob job, Ballot ballot) =>
        new(MessageKind.BallotCast, self, job.Attempt.Task, job.Attempt.Epoch, job.Number, new BallotCast(job.Call.Voter, ballot));
}
