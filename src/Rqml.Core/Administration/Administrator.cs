using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Storage;
using Rqml.Tasks;

namespace Rqml.Administration;

/// <summary>Feeds the <see cref="AdministratorMachine"/>, and takes its wishes to whoever leads and the answers to whoever asked.</summary>
/// <param name="loop">The loop of the node.</param>
/// <param name="machine">Decides.</param>
/// <param name="fabric">The way to whoever leads.</param>
/// <param name="whyNobodyLeads">What this node knows of the reason; null: nothing.</param>
/// <param name="seed">Of nonces.</param>
internal sealed class Administrator(EngineLoop loop, AdministratorMachine machine, Fabric fabric, Func<Exception?> whyNobodyLeads, ulong seed)
    : Owner<AdministratorEvent, AdministratorEffect>(loop, machine, store: null)
{
    private readonly AdministratorMachine _machine = machine;
    private readonly Lock _lock = new();
    private SplitMix64 _nonces = new(seed);

    /// <summary>Tells a write of ours from everybody else's. Any thread.</summary>
    public ulong NewNonce()
    {
        lock (_lock) return _nonces.Next() | 1;
    }

    /// <exception cref="NoLeaderException">Nobody has answered for long.</exception>
    /// <exception cref="ShuttingDownException">The node has stopped.</exception>
    public async Task<AdministrationAnswer> AskAsync(AdministrationRequest request, TaskId task, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ticket = new TaskCompletionSource<AdministrationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(AdministratorEvent.Ask(request, task, ticket));
        try
        {
            return await ticket.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Post(AdministratorEvent.GiveUp(ticket));
            throw;
        }
    }

    public override void Close()
    {
        base.Close();
        foreach (var ticket in _machine.Tickets) Lose(ticket);
    }

    protected override void CarryOut(in AdministratorEffect effect)
    {
        switch (effect.Kind)
        {
            case AdministratorEffectKind.Send:
                fabric.Send(effect.To!, effect.Message);
                break;
            case AdministratorEffectKind.Answer:
                TicketOf(effect.Ticket!).TrySetResult(effect.Answered!);
                break;
            case AdministratorEffectKind.NobodyLeads:
                TicketOf(effect.Ticket!).TrySetException(new NoLeaderException(effect.Last, effect.Term, whyNobodyLeads()));
                break;
        }
    }

    protected override void Encode(in AdministratorEffect effect, WriteBatch batch) { }

    protected override void Refuse(in AdministratorEvent @event)
    {
        if (@event.Kind == AdministratorEventKind.Ask) Lose(@event.Ticket!);
    }

    private void Lose(object ticket) => TicketOf(ticket).TrySetException(new ShuttingDownException(fabric.Self.Node));

    private static TaskCompletionSource<AdministrationAnswer> TicketOf(object ticket) => (TaskCompletionSource<AdministrationAnswer>)ticket;
}
