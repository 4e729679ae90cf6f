namespace Rqml.Models.Routing;

/// <summary>
/// Chooses which model of a class works on a task: when the task begins, and whenever supervision asks for another. In between the model stays, as a rule of
/// convergence compares what one model makes. Thread-safe; one router serves all tasks of a class on a node.
/// </summary>
/// <remarks>A router that throws or names no candidate fails the task with <see cref="Supervision.PolicyFailedException"/>. What it chose is part of the task's record.</remarks>
public interface IModelRouter
{
    /// <summary>The name of one of the candidates.</summary>
    string Choose(RoutingRequest request);

    /// <summary>Hears what a model brought, when its stint on a task ends.</summary>
    void Learn(StintReport stint) { }
}

/// <summary>What a router may go by. Immutable.</summary>
public sealed record RoutingRequest
{
    /// <summary>Whom it may choose, in the order of tiers; at least one.</summary>
    public required IReadOnlyList<ModelDescriptor> Candidates { get; init; }

    /// <summary>The model that has worked so far; null when the task begins.</summary>
    public ModelDescriptor? Current { get; init; }

    /// <summary>Names of the models that have worked on the task.</summary>
    public IReadOnlyList<string> Used { get; init; } = [];

    /// <summary>How hard the task is expected to be, from 0 to 1; 0.5 where nobody knows.</summary>
    public double Difficulty { get; init; }

    /// <summary>Whether to look for what is least known, rather than for what has paid best.</summary>
    public bool Explore { get; init; }

    /// <summary>The source of the choice's randomness: the same for the same task and iteration.</summary>
    public ulong Seed { get; init; }
}

/// <summary>What one model brought in one stint on a task.</summary>
/// <param name="Model">The model.</param>
/// <param name="Difficulty">How hard the task was expected to be, from 0 to 1.</param>
/// <param name="Gain">What it gained for the best score, from 0 to 1.</param>
/// <param name="Iterations">Iterations that it made; one or more.</param>
/// <param name="Cost">What all passes of the stint cost, above or equal to zero.</param>
public readonly record struct StintReport(ModelDescriptor Model, double Difficulty, double Gain, int Iterations, double Cost);
