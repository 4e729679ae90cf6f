namespace Rqml.Soak;

/// <summary>The task classes of a soak, and the models of one process.</summary>
/// <param name="seed">Of the whole soak.</param>
/// <param name="journal">Where each call is written down.</param>
/// <param name="pauseMs">How much longer every call takes than the task says.</param>
internal sealed class SoakModels(ulong seed, Journal journal, int pauseMs = 0)
{
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>[] Classes =
        [.. Enum.GetValues<SoakKind>().Select(kind => new TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>($"soak-{kind}"))];

    public static TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> ClassOf(SoakKind kind) => Classes[(int)kind];

    public void AddTo(IRqmlBuilder rqml)
    {
        foreach (var kind in Enum.GetValues<SoakKind>())
        {
            rqml.AddTaskClass(ClassOf(kind), one =>
            {
                one.AddModel("small", kind == SoakKind.Faulty ? RefineOrThrowAsync : RefineAsync).ConvergeWhenAll(Stability.Over(2));
                if (kind == SoakKind.Faulty) one.AddModel("large", RefineAsync, tier: 1);
            });
        }
    }

    private async ValueTask<Refinement<ReadOnlyMemory<byte>>> RefineAsync(RefinementContext<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> context, CancellationToken cancellationToken)
    {
        var task = TaskOf(context);
        if (context.HasArtifact && !task.IsAfter(context.Artifact, context.Iteration - 1)) await journal.Note(EntryKind.Wrong, task.Number, context.Attempt.Task);
        if (task.PauseMs + pauseMs > 0) await Task.Delay(task.PauseMs + pauseMs, cancellationToken);
        return new Refinement<ReadOnlyMemory<byte>>(task.ArtifactAfter(context.Iteration));
    }

    private ValueTask<Refinement<ReadOnlyMemory<byte>>> RefineOrThrowAsync(RefinementContext<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> context, CancellationToken cancellationToken)
    {
        if (context.Random.Next(3) == 0) return RefineAsync(context, cancellationToken);
        TaskOf(context);
        throw new InvalidOperationException("A model that mostly throws has thrown.");
    }

    private SoakTask TaskOf(RefinementContext<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> context)
    {
        var number = SoakTask.NumberIn(context.Payload);
        journal.Called(number, context.Attempt.Task, context.Iteration);
        return SoakTask.Of(seed, number);
    }
}
