using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Administration;

/// <summary>
/// Decides what becomes of an operator's wishes: each goes to whoever leads, again and again, until it is answered for good. So neither a lost message nor a change of leaders loses one, and
/// no leader has to remember it.
/// </summary>
internal sealed class AdministratorMachine(Peer self, ulong seed) : IMachine<AdministratorEvent, AdministratorEffect>
{
    /// <summary>For so long a wish may go without any answer.</summary>
    public const long PatienceMs = 10_000;

    private const long RepeatMs = 250;

    /// <summary>
    /// Of a resume. A drain and a resume of one node that come at the same time undo one another each time they are repeated, and at one pace neither would ever see itself fulfilled. At these
    /// two a resume comes twice in a row soon, is done, and the drain has its turn.
    /// </summary>
    private const long RepeatResumeMs = 150;

    private readonly SortedDictionary<long, Inquiry> _open = [];
    private long _number = (long)(seed >> 2);      // an answer to an earlier start of this process is nobody's
    private Peer? _leader;
    private Term _term;

    public long NextDueMs => _open.Count == 0 ? long.MaxValue : _open.Values.Min(inquiry => inquiry.DueMs);

    /// <summary>Who waits for an answer.</summary>
    public IEnumerable<object> Tickets => _open.Values.Select(inquiry => inquiry.Ticket);

    public void Step(in AdministratorEvent @event, long nowMs, EffectBuffer<AdministratorEffect> effects)
    {
        switch (@event.Kind)
        {
            case AdministratorEventKind.Ask:
                var inquiry = new Inquiry(++_number, @event.Request!, @event.Task, @event.Ticket!, nowMs);
                _open.Add(inquiry.Number, inquiry);
                Send(inquiry, nowMs, effects);
                break;
            case AdministratorEventKind.GiveUp:
                foreach (var (number, given) in _open)
                {
                    if (!ReferenceEquals(given.Ticket, @event.Ticket)) continue;
                    _open.Remove(number);
                    break;
                }

                break;
            case AdministratorEventKind.Leader when @event.Term >= _term:
                (_leader, _term) = (@event.Leader, @event.Term);
                foreach (var waiting in _open.Values) Send(waiting, nowMs, effects);
                break;
            case AdministratorEventKind.Message when _open.TryGetValue(@event.Message.Number, out var answered):
                Take(answered, @event.Message, nowMs, effects);
                break;
        }
    }

    public void Tick(long nowMs, EffectBuffer<AdministratorEffect> effects)
    {
        foreach (var inquiry in _open.Values.Where(inquiry => inquiry.DueMs <= nowMs).ToArray())
        {
            if (inquiry.HeardMs + PatienceMs > nowMs)
            {
                Send(inquiry, nowMs, effects);
                continue;
            }

            _open.Remove(inquiry.Number);
            if (inquiry.Ledger is { } silent) effects.Add(AdministratorEffect.Answer(inquiry.Ticket, new AdministrationAnswer(AdministrationVerdict.LedgerSilent) { Ledger = silent }));
            else effects.Add(AdministratorEffect.NobodyLeads(inquiry.Ticket, _leader is { Node.Value.Length: > 0 } leader ? leader.Node : null, _term));
        }
    }

    private void Send(Inquiry inquiry, long nowMs, EffectBuffer<AdministratorEffect> effects)
    {
        inquiry.DueMs = nowMs + (inquiry.Request.Kind == AdministrationKind.Resume ? RepeatResumeMs : RepeatMs);
        if (_leader is not null) effects.Add(AdministratorEffect.Send(_leader, new Message(MessageKind.Administer, self, inquiry.Task, Number: inquiry.Number, Body: inquiry.Request)));
    }

    private void Take(Inquiry inquiry, in Message message, long nowMs, EffectBuffer<AdministratorEffect> effects)
    {
        var answer = (AdministrationAnswer)message.Body!;
        if (answer.Verdict != AdministrationVerdict.Pending)
        {
            _open.Remove(inquiry.Number);
            effects.Add(AdministratorEffect.Answer(inquiry.Ticket, answer with { Leader = message.From.Node, Term = new Term(message.Epoch.Generation, message.Epoch.Term) }));
            return;
        }

        inquiry.Request = inquiry.Request with { Begun = answer.Begun, Start = answer.Start };
        if (answer.Ledger.Value.Length > 0) inquiry.Ledger = answer.Ledger;      // its word is waited for, and the leader's says nothing of that
        else inquiry.HeardMs = nowMs;
    }

    /// <summary>A wish that is not answered yet.</summary>
    private sealed class Inquiry(long number, AdministrationRequest request, TaskId task, object ticket, long askedMs)
    {
        public long Number { get; } = number;

        public AdministrationRequest Request { get; set; } = request;

        public TaskId Task { get; } = task;

        public object Ticket { get; } = ticket;

        /// <summary>The ledger that the leader has told to settle a task.</summary>
        public NodeId? Ledger { get; set; }

        public long HeardMs { get; set; } = askedMs;

        public long DueMs { get; set; }
    }
}
