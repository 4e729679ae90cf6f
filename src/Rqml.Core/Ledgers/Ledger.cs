using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Storage;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>The durable record of what was submitted here and how it was settled: feeds the <see cref="LedgerMachine"/> and carries out what it decides.</summary>
internal sealed class Ledger(EngineLoop loop, LedgerMachine machine, GroupCommit? store, Fabric fabric, IStationObserver? stations)
    : Owner<LedgerEvent, LedgerEffect>(loop, machine, store)
{
    private readonly LedgerMachine _machine = machine;
    private long _open;

    /// <summary>Tasks that are open, as of a moment ago.</summary>
    public long Open => Interlocked.Read(ref _open);

    /// <summary>Called from the loop when a task is settled, so that who waits for room may go on.</summary>
    public Action? RoomMade { get; set; }

    public override bool Drain(long nowMs)
    {
        var worked = base.Drain(nowMs);
        if (Interlocked.Exchange(ref _open, _machine.OpenCount) > _machine.OpenCount) RoomMade?.Invoke();
        return worked;
    }

    /// <summary>Looks something up in the machine; what is found is durable by the time it is answered.</summary>
    public Task<T> AskAsync<T>(Func<LedgerMachine, T> lookUp)
    {
        var question = new Question<T>(lookUp);
        Post(LedgerEvent.Ask(question));
        return question.Answered;
    }

    protected override void CarryOut(in LedgerEffect effect)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.Send:
                if (effect.Message.Kind == MessageKind.Announce) stations?.Entered(Station.Ledger, effect.Task);
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
            case LedgerEffectKind.Complete:
                stations?.Entered(Station.Settle, effect.Task);
                stations?.Entered(Station.Completion, effect.Task);
                ((ITaskWatcher)effect.Target!).Settled((Settlement)effect.Subject!);
                break;
            case LedgerEffectKind.Deliver:
                ((ITaskWatcher)effect.Target!).Iterated((IterationReport)effect.Subject!);
                break;
        }
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
                break;
            case LedgerEffectKind.WriteStrikes:
                NodeStore.PutStrikes(batch, effect.Task, (Strike[])effect.Subject!);
                break;
            case LedgerEffectKind.Purge:
                NodeStore.PurgeTask(batch, effect.Task);
                break;
        }
    }
}

/// <summary>A question with an answer of its own type.</summary>
internal sealed class Question<T>(Func<LedgerMachine, T> lookUp) : Question
{
    private readonly TaskCompletionSource<T> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _found;

    public Task<T> Answered => _answered.Task;

    public override void LookUp(LedgerMachine ledger) => _found = lookUp(ledger);

    public override void Answer() => _answered.TrySetResult(_found!);
}

/// <summary>Who waits for a task: its handle.</summary>
internal interface ITaskWatcher
{
    void Settled(Settlement settlement);

    void Iterated(IterationReport iteration);

    /// <summary>The ledger is gone: the only way in which a completion faults.</summary>
    void Lost(Exception error);
}

/// <summary>One submission's answer, given once the submission is durable.</summary>
internal sealed class SubmitTicket : TaskCompletionSource<SubmitReply>
{
    public SubmitTicket() : base(TaskCreationOptions.RunContinuationsAsynchronously) { }

    public void Answer(SubmitReply reply) => TrySetResult(reply);
}
