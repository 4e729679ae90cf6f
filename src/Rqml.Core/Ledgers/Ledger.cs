using System.Collections.Concurrent;
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
    private readonly EngineLoop _loop = loop;
    private readonly ConcurrentQueue<Action> _questions = new();
    private long _open;

    /// <summary>Tasks that are open, as of a moment ago.</summary>
    public long Open => Interlocked.Read(ref _open);

    /// <summary>Called from the loop when a task is settled, so that who waits for room may go on.</summary>
    public Action? RoomMade { get; set; }

    public override bool Drain(long nowMs)
    {
        var worked = base.Drain(nowMs);
        while (_questions.TryDequeue(out var question)) question();
        if (Interlocked.Exchange(ref _open, _machine.OpenCount) > _machine.OpenCount) RoomMade?.Invoke();
        return worked;
    }

    /// <summary>Reads the machine where nobody else does: in the loop.</summary>
    public async ValueTask<T> AskAsync<T>(Func<LedgerMachine, T> answer, CancellationToken cancellationToken)
    {
        var asked = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions.Enqueue(() => asked.TrySetResult(answer(_machine)));
        _loop.Wake();
        return await asked.Task.WaitAsync(cancellationToken);
    }

    protected override void CarryOut(in LedgerEffect effect)
    {
        switch (effect.Kind)
        {
            case LedgerEffectKind.Send:
                if (effect.Message.Kind == MessageKind.Answered) stations?.Entered(Station.Settle, effect.Task);
                fabric.Send((Peer)effect.Target!, effect.Message);
                break;
            case LedgerEffectKind.AnswerSubmit:
                stations?.Entered(Station.Ledger, effect.Task);
                ((SubmitTicket)effect.Target!).Answer((SubmitReply)effect.Subject!);
                break;
            case LedgerEffectKind.AnswerCancel:
                ((TaskCompletionSource<CancelAnswer>)effect.Target!).TrySetResult((CancelAnswer)effect.Subject!);
                break;
            case LedgerEffectKind.AnswerAttach:
                ((TaskCompletionSource<LedgerTask?>)effect.Target!).TrySetResult((LedgerTask?)effect.Subject);
                break;
            case LedgerEffectKind.Complete:
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
