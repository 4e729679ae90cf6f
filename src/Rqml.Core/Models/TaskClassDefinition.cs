using Rqml.Nodes;
using Rqml.Refinement;

namespace Rqml.Models;

/// <summary>All that a host knows of a task class, behind bytes: its models, its limits, its rule, and the typed code that they run.</summary>
internal abstract class TaskClassDefinition(TaskClass @class, IReadOnlyList<ModelDescriptor> models, ClassPolicy policy)
{
    public ClassKey Key { get; } = @class.Key;

    /// <summary>In the order of tiers; at least one.</summary>
    public IReadOnlyList<ModelDescriptor> Models { get; } = models;

    public ClassPolicy Policy { get; } = policy;

    public abstract ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken);

    public abstract ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken);
}
