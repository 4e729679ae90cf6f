using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Storage;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>The durable record of what was submitted here and how it was settled: feeds the <see cref="LedgerMachine"/> and carries out what it decides.</summary>
internal sealed partial class Ledger(
    EngineLoop loop, LedgerMachine machine, GroupCommit? store, Fabric fabric, TaskInstruments instruments, IStationObserver? stations, Admission? admission, Func<Exception> lost,
    ILogger logger)
    : Owner<LedgerEvent, LedgerEffect>(loop, machine, store)
{
    private readonly LedgerMachine _machine = machine;
    private readonly EngineLoop _loop = loop;
    private readonly LogPace _late = new();
    private readonly LogPace _early = new();
    private long _settled;
    private volatile Followed _follows = new(null, Term.None);

    /// <summary>Takes what the ledger lends to the node of its own process.</summary>
    public Action<IReadOnlyList<LentTask>>? Lent { get; set; }

    /// <summary>Whom the ledger announces its tasks to, and in which term, as one value. Any thread.</summary>
    public Followed Follows => _follows;

    public override bool Drain(long nowMs)
    {
        var worked = base.Drain(nowMs);
        if (_machine.SettledCount != _settled) admission?.Leave((int)(_machine.SettledCount - _settled));
        _settled = _machine.SettledCount;
        if (!ReferenceEquals(_machine.Leader, _follows.Leader) || _machine.Term != _follows.Term) _follows = new Followed(_machine.Leader, _machine.Term);
        return worked;
    }

    /// <summary>The only way in which a completion faults: nobody here hears of these tasks again. Whatever had become durable is still said.</summary>
    public override void Close()
    {
        base.Close();
        foreach (var task in _machine.Open)
        {
            (task.Watcher as ITaskWatcher)?.Lost(lost());
            task.Watcher = null;
            foreach (var curious in task.Curious) ((TaskCompletionSource<Story?>)curious).TrySetException(lost());
            task.Curious = [];
        }
    }

    /// <summary>Looks something up in the machine; what is found is durable by the time it is answered.</summary>
    public Task<T> AskAsync<T>(Func<LedgerMachine, T> lookUp)
    {
        var question = new Question<T>(lookUp);
        Post(LedgerEvent.Ask(question));
        return question.Answered;
    }

    protected override void CarryOutLate(in LedgerEffect effect) => CarryOut(effect);

    protected override void Lose(in LedgerEffect effect)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.Complete:
                ((ITaskWatcher)effect.Target!).Lost(lost());
                break;
            case LedgerEffectKind.AnswerSubmit:
                ((SubmitTicket)effect.Target!).TrySetException(lost());
                break;
            case LedgerEffectKind.AnswerCancel:
                ((TaskCompletionSource<CancelAnswer>)effect.Target!).TrySetException(lost());
                break;
            case LedgerEffectKind.AnswerAttach:
                ((TaskCompletionSource<AttachReply?>)effect.Target!).TrySetException(lost());
                break;
            case LedgerEffectKind.AnswerQuestion:
                ((Question)effect.Target!).Lose(lost());
                break;
        }
    }

    protected override void Refuse(in LedgerEvent @event)
    {
        switch (@event.Kind)
        {
            case LedgerEventKind.Submit:
                if (@event.Ticket is SubmitTicket ticket) ticket.Answer(new SubmitReply(SubmitAnswer.TooLate, @event.Task));
                else (@event.Watcher as ITaskWatcher)?.Lost(lost());
                break;
            case LedgerEventKind.Cancel:
                ((TaskCompletionSource<CancelAnswer>)@event.Ticket!).TrySetException(lost());
                break;
            case LedgerEventKind.Attach:
                ((TaskCompletionSource<AttachReply?>)@event.Ticket!).TrySetException(lost());
                break;
            case LedgerEventKind.Explain:
                ((TaskCompletionSource<Story?>)@event.Ticket!).TrySetException(lost());
                break;
            case LedgerEventKind.Ask:
                ((Question)@event.Subject!).Lose(lost());
                break;
        }
    }

    protected override void Decided(ReadOnlySpan<LedgerEffect> effects)
    {
        foreach (ref readonly var effect in effects)
        {
            if (effect.Kind == LedgerEffectKind.WriteSubmission)
            {
                stations?.Entered(Station.Ledger, effect.Task);
                instruments.Submitted(((TaskSpec)effect.Subject!).Class.Name);
            }
            else if (effect is { Kind: LedgerEffectKind.WriteSettlement, Subject: Settlement settlement, Target: not null })
            {
                stations?.Entered(Station.Settle, effect.Task);
                var (@class, submittedMs, trace) = effect.Target is LedgerTask { Spec: var spec } ? (spec.Class, spec.SubmittedMs, spec.Trace) : Known((SettledTask)effect.Target);
                Spans.Settled(effect.Task, @class, trace, settlement);
                instruments.Settled(@class.Name, settlement.Outcome, effect.SettledMs - submittedMs);
            }
            else if (effect is { Kind: LedgerEffectKind.Purge, IsEarly: true })
            {
                instruments.ForgottenEarly();
                if (_early.Passes(_loop.Clock.NowMs)) Log.ForgottenEarly(logger, effect.Task, _machine.MostKept, _early.Total);
            }
        }
    }

    private static (ClassKey Class, long SubmittedMs, TaskTrace? Trace) Known(SettledTask task) => (task.Class, task.SubmittedMs, task.Trace);

    protected override void CarryOut(in LedgerEffect effect)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.Send:
                if (effect.Message is { Kind: MessageKind.Answered, Number: (long)Verdict.AlreadySettled }) Answered((Peer)effect.Target!, effect.Message);
                fabric.Send((Peer)effect.Target!, effect.Message);
                break;
            case LedgerEffectKind.AnswerSubmit:
                ((SubmitTicket)effect.Target!).Answer((SubmitReply)effect.Subject!);
                break;
            case LedgerEffectKind.AnswerCancel:
                ((TaskCompletionSource<CancelAnswer>)effect.Target!).TrySetResult((CancelAnswer)effect.Subject!);
                break;
            case LedgerEffectKind.AnswerAttach:
                ((TaskCompletionSource<AttachReply?>)effect.Target!).TrySetResult((AttachReply?)effect.Subject);
                break;
            case LedgerEffectKind.AnswerQuestion:
                ((Question)effect.Target!).Answer();
                break;
            case LedgerEffectKind.AnswerStory:
                ((TaskCompletionSource<Story?>)effect.Target!).TrySetResult((Story?)effect.Subject);
                break;
            case LedgerEffectKind.Complete:
                stations?.Entered(Station.Completion, effect.Task);
                ((ITaskWatcher)effect.Target!).Settled((Settlement)effect.Subject!, effect.SettledMs);
                break;
            case LedgerEffectKind.Deliver:
                ((ITaskWatcher)effect.Target!).Iterated((IterationReport)effect.Subject!);
                break;
            case LedgerEffectKind.Lend:
                Lent?.Invoke((IReadOnlyList<LentTask>)effect.Subject!);
                break;
        }
    }

    private void Answered(Peer node, in Message answer)
    {
        if (_late.Passes(_loop.Clock.NowMs)) Log.LateWord(logger, node, new Attempt(answer.Task, answer.Epoch), _late.Total);
    }

    protected override void Encode(in LedgerEffect effect, WriteBatch batch)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.WriteSubmission:
                NodeStore.PutSubmission(batch, (TaskSpec)effect.Subject!);
                break;
            case LedgerEffectKind.WriteSettlement:
                NodeStore.PutSettlement(batch, effect.Task, (Settlement)effect.Subject!);
                if (effect.Target is SettledTask kept) NodeStore.PutSettled(batch, kept);
                break;
            case LedgerEffectKind.WriteStrikes:
                NodeStore.PutStrikes(batch, effect.Task, (Strike[])effect.Subject!);
                break;
            case LedgerEffectKind.Purge:
                NodeStore.PurgeTask(batch, effect.Task);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.LateWord, LogLevel.Information, "Node {Node} still had {Attempt}, whose task is settled: what it made of it is dropped; {Total} such since the start")]
        public static partial void LateWord(ILogger logger, Peer node, Attempt attempt, long total);

        [LoggerMessage(LogIds.ForgottenEarly, LogLevel.Warning, "The result of {Task} was forgotten before its time, and its idempotency key with it, as {Most} are kept at most; {Total} such since the start")]
        public static partial void ForgottenEarly(ILogger logger, TaskId task, int most, long total);
    }
}

/// <summary>The leader that a ledger follows; null, or without a term, where none has spoken to it yet.</summary>
internal sealed record Followed(Peer? Leader, Term Term);

/// <summary>A question with an answer of its own type.</summary>
internal sealed class Question<T>(Func<LedgerMachine, T> lookUp) : Question
{
    private readonly TaskCompletionSource<T> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _found;

    public Task<T> Answered => _answered.Task;

    public override void LookUp(LedgerMachine ledger) => _found = lookUp(ledger);

    public override void Answer() => _answered.TrySetResult(_found!);

    public override void Lose(Exception error) => _answered.TrySetException(error);
}

/// <summary>Who waits for a task: its handle.</summary>
internal interface ITaskWatcher
{
    void Settled(Settlement settlement, long settledMs);

    void Iterated(IterationReport iteration);

    /// <summary>The ledger is gone: the only way in which a completion faults.</summary>
    void Lost(Exception error);
}

/// <summary>One submission's answer, given once the submission is durable.</summary>
/// <param name="admission">Gets the submitter's permit back where no task was taken for it; null: there was none.</param>
internal sealed class SubmitTicket(Admission? admission = null) : TaskCompletionSource<SubmitReply>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public void Answer(SubmitReply reply)
    {
        if (reply.Answer != SubmitAnswer.Accepted) admission?.Leave(1);
        TrySetResult(reply);
    }
}
