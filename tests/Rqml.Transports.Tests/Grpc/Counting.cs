namespace Rqml.Transports.Tests.Grpc;

/// <summary>A task class to drive a host by: it counts from 1 to its payload, a step an iteration. Negative, it waits until its time is over.</summary>
internal static class Counting
{
    public static TaskClass<int, int> Class { get; } = new("count");

    public static IRqmlBuilder AddCounting(this IRqmlBuilder rqml, SemaphoreSlim? steps = null) => rqml.AddTaskClass(Class, count => count
        .AddModel("next", async (task, cancellationToken) =>
        {
            if (task.Payload < 0) await Task.Delay(Timeout.Infinite, cancellationToken);
            if (steps is not null) await steps.WaitAsync(cancellationToken);
            return Math.Min(task.Payload, task.HasArtifact ? task.Artifact + 1 : 1);
        })
        .ConvergeWhenAll(Stability.Over(2)));
}
