using System.Collections.Concurrent;

namespace Rqml.Hosting;

/// <summary>Machines are read by their loop alone: a question waits here for its turn there. Also those that come after the loop has stopped are answered, from what the machine last held.</summary>
internal sealed class LoopQuestions(EngineLoop loop)
{
    private readonly ConcurrentQueue<Action> _asked = new();

    public async ValueTask<T> AskAsync<T>(Func<T> answer, CancellationToken cancellationToken)
    {
        var asked = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue(() => asked.TrySetResult(answer()));
        loop.Wake();
        return await asked.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Only the loop calls it.</summary>
    public void Answer()
    {
        while (_asked.TryDequeue(out var question)) question();
    }
}
