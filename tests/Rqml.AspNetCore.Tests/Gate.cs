namespace Rqml.AspNetCore.Tests;

/// <summary>A class whose model waits for the test, from some iteration on.</summary>
internal sealed class Gate(string name = "waits")
{
    private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskClass<double, double> Class { get; } = new(name);

    /// <summary>Completes when a model waits.</summary>
    public Task Running => _running.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void Release() => _released.TrySetResult();

    /// <param name="rqml">Gets the class.</param>
    /// <param name="freely">Iterations that do not wait.</param>
    /// <param name="beatTimeout">Of the class.</param>
    public IRqmlBuilder AddTo(IRqmlBuilder rqml, int freely = 0, TimeSpan? beatTimeout = null) => rqml.AddTaskClass(Class, @class => @class
        .AddModel("waits", async (task, _) =>
        {
            if (task.Iteration <= freely) return task.Payload;
            _running.TrySetResult();
            await _released.Task;
            return task.Payload;
        })
        .ConvergeWhenAll(Stability.Over(freely + 2))
        .Limit(beatTimeout: beatTimeout));
}
