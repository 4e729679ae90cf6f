using Rqml.Models;

namespace Rqml.Nodes;

/// <summary>Holds the calls of one model on this node to what it bears. Who waits is let in first come, first served. Thread-safe.</summary>
internal sealed class ModelGate(ConcurrencyLimit? limit)
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource<CallPermit>> _waiting = new();

    /// <summary>Whether anybody may enter at any time.</summary>
    public bool IsOpen => limit is null;

    /// <summary>Takes a place where there is one, and nobody waits for it.</summary>
    public bool TryEnter(out CallPermit permit)
    {
        permit = default;
        if (limit is null) return true;
        lock (_lock) return _waiting.Count == 0 && limit.TryEnter(out permit);
    }

    /// <summary>Takes a place, or waits for one.</summary>
    public async ValueTask<CallPermit> EnterAsync(CancellationToken cancellationToken)
    {
        if (limit is null) return default;
        var turn = new TaskCompletionSource<CallPermit>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_waiting.Count == 0 && limit.TryEnter(out var permit)) return permit;
            _waiting.Enqueue(turn);
        }

        await using var given = cancellationToken.UnsafeRegister(static (source, token) => ((TaskCompletionSource<CallPermit>)source!).TrySetCanceled(token), turn);
        return await turn.Task;
    }

    /// <summary>Gives the place back, and learns from how the call went.</summary>
    public void Leave(CallPermit permit, long tookMs, CallOutcome outcome)
    {
        if (limit is null) return;
        lock (_lock)
        {
            limit.Leave(permit, tookMs, outcome);
            while (_waiting.TryPeek(out var next))
            {
                if (next.Task.IsCompleted)
                {
                    _waiting.Dequeue();      // it was cancelled while it waited
                    continue;
                }

                if (!limit.TryEnter(out var freed)) return;
                _waiting.Dequeue();
                if (!next.TrySetResult(freed)) limit.Leave(freed, 0, CallOutcome.Abandoned);      // cancelled between the two
            }
        }
    }

    /// <summary>What a call's failure says of its model's load.</summary>
    public static CallOutcome OutcomeOf(Exception? failure) => failure switch
    {
        null => CallOutcome.Succeeded,
        ModelOverloadedException => CallOutcome.Overloaded,
        OperationCanceledException or WorkerDiedException => CallOutcome.Abandoned,
        _ => CallOutcome.Failed,
    };
}
