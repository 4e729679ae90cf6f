using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Nodes;

/// <summary>
/// The ballots that a node is asked for: decides which it takes, casts each once, and tells it again to whoever asks again. Apart from the machine, as a ballot is no attempt: it has only
/// its lane from the node. A pure machine's state; bounded.
/// </summary>
internal sealed class BallotDesk(NodeSettings settings)
{
    private const int MostWaiting = 256;
    private const long MostWaitingBytes = 64 << 20;
    private const int MostRemembered = 1_024;

    private readonly Dictionary<(TaskId, Epoch, int Vote, int Voter), BallotJob> _jobs = [];
    private readonly Queue<(TaskId, Epoch, int, int)> _order = new();
    private readonly LinkedList<BallotJob> _waiting = new();

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>A leader asks for a ballot.</summary>
    /// <param name="asked">What it asks.</param>
    /// <param name="self">Who we are.</param>
    /// <param name="leaves">Whether the node stops. One that is drained votes: it is asked for what began before, and where nobody else could.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="effects">Takes the ballot where there is one already, or none will be cast.</param>
    public void Take(in Message asked, Peer self, bool leaves, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var job = leaves ? null : Find(asked, nowMs);
        if (job is null || !settings.Serves(job.Call.Spec.Class) || !settings.Lanes.ContainsKey(job.Call.Model.Device))
        {
            var refused = new BallotJob(new Attempt(asked.Task, asked.Epoch), (int)asked.Number, (BallotCall)asked.Body!, asked.From, nowMs);
            Cast(self, refused, new Ballot(Judgement.Abstain, "the node takes no ballot", 0), effects);
        }
        else if (job.Ballot is { } cast)
        {
            Cast(self, job, cast, effects);
        }
        else if (!job.IsTaken)
        {
            job.IsTaken = true;
            _waiting.AddLast(job);
        }
    }

    /// <summary>The voter has spoken, and its lane is free.</summary>
    public static void End(BallotJob job, Ballot ballot, Peer self, EffectBuffer<NodeEffect> effects)
    {
        if (job.Lane is not { } group) return;
        job.Lane = null;
        group.Voting--;
        job.Cast(ballot);
        Cast(self, job, ballot, effects);
    }

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

    /// <summary>The node stops: what waits for a lane is not voted on here.</summary>
    public void Dismiss(Peer self, EffectBuffer<NodeEffect> effects)
    {
        foreach (var job in _waiting) Cast(self, job, new Ballot(Judgement.Abstain, "the node is leaving", 0), effects);
        _waiting.Clear();
    }

    /// <summary>A job to be done, or done; null where there is no room for another.</summary>
    private BallotJob? Find(in Message message, long nowMs)
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

    private static void Cast(Peer self, BallotJob job, Ballot ballot, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(job.Asker, new Message(MessageKind.BallotCast, self, job.Attempt.Task, job.Attempt.Epoch, job.Number, new BallotCast(job.Call.Voter, ballot))));
}
