using Rqml;

namespace TwoProcesses;

/// <summary>What both sides know: a task class, and the model that refines its artifact.</summary>
internal static class SquareRoots
{
    public static readonly TaskClass<double, double> Class = new("square-root");

    public static IRqmlBuilder AddSquareRoots(this IRqmlBuilder rqml) => rqml.AddTaskClass(Class, roots => roots
        .AddModel("newton", async (context, cancellationToken) =>
        {
            await Task.Delay(20, cancellationToken);      // a model of yours takes longer
            return context.HasArtifact ? (context.Artifact + context.Payload / context.Artifact) / 2 : context.Payload;
        })
        .CompareWith(Similarity.RelativeL2<double>(root => new[] { root }))
        .ConvergeWhenAll(Stability.Over(2).AtLeast(0.999_999)));
}
