using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Models;

/// <summary>All that a host knows of a task class, behind bytes: its models, its limits, its rule, and the typed code that they run.</summary>
internal abstract class TaskClassDefinition(TaskClass @class, IReadOnlyList<ModelDescriptor> models, ClassPolicy policy)
{
    public ClassKey Key { get; } = @class.Key;

    /// <summary>In the order of tiers; at least one.</summary>
    public IReadOnlyList<ModelDescriptor> Models { get; } = models;

    public ClassPolicy Policy { get; } = policy;

    /// <summary>Place of the model in <see cref="Models"/>; -1 where the class has no such model.</summary>
    public int IndexOf(string model)
    {
        for (var index = 0; index < Models.Count; index++)
        {
            if (Models[index].Name == model) return index;
        }

        return -1;
    }

    public abstract ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken);

    /// <summary>Similarities of each two artifacts, row by row above the diagonal.</summary>
    public abstract ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken);

    /// <summary>A verdict of each validator of the class, in their order; of one that throws or takes too long an abstention.</summary>
    public abstract ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken);

    /// <summary>One voter's word on an artifact.</summary>
    public abstract ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken);
}
