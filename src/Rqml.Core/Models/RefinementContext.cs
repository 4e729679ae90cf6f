using Rqml.Models;

namespace Rqml;

/// <summary>What a model knows of the pass that it makes.</summary>
public sealed class RefinementContext<TPayload, TArtifact>
{
    private readonly Action? _beat;
    private Random? _random;

    internal RefinementContext(TPayload payload, TArtifact? artifact, bool hasArtifact, PassInfo pass, Action? beat)
    {
        Payload = payload;
        Artifact = artifact;
        HasArtifact = hasArtifact;
        Pass = pass;
        _beat = beat;
    }

    /// <summary>What the task is about.</summary>
    public TPayload Payload { get; }

    /// <summary>The current artifact; default in the first iteration.</summary>
    public TArtifact? Artifact { get; }

    /// <summary>Whether there is an artifact yet.</summary>
    public bool HasArtifact { get; }

    /// <summary>What the validators said when they last refused the artifact; null where they have not.</summary>
    public string? Refusal { get; internal init; }

    internal Datasets Datasets { get; init; } = Datasets.None;

    /// <summary>Iteration, model, attempt and seed of the pass.</summary>
    public PassInfo Pass { get; }

    /// <summary>Number of the iteration, from 1; 0 where the model has a say in a vote.</summary>
    public int Iteration => Pass.Iteration;

    /// <summary>The attempt: a fencing token for whatever the model writes outside of Rqml.</summary>
    public Attempt Attempt => Pass.Attempt;

    /// <summary>The lane that the pass runs on: for a model that asked for a device, which of them is its own.</summary>
    public DeviceLane Lane => Pass.Lane;

    /// <summary>Randomness that is the same whenever and wherever this pass is made: seeded by host seed, class, task, iteration and pass.</summary>
    public Random Random => _random ??= new Random((int)(Pass.Seed ^ (Pass.Seed >> 32)));

    /// <summary>Data that the host has loaded at its start, by the name that <c>AddDataset</c> gave it. Shared by all passes: not to be changed.</summary>
    /// <exception cref="UnknownDatasetException">The host has no data of that name and type.</exception>
    public TDataset Dataset<TDataset>(string name)
        where TDataset : notnull => Datasets.Get<TDataset>(name);

    /// <summary>Tells the watchdog that the model is alive. A pass without a beat for the class's <c>BeatTimeout</c> is abandoned.</summary>
    public void Beat() => _beat?.Invoke();
}

/// <summary>One model call in one iteration.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Iteration">Number of the iteration, from 1; 0 where the model has a say in a vote.</param>
/// <param name="Number">Number of the pass in its iteration, from 1.</param>
/// <param name="Seed">Seed of the pass.</param>
/// <param name="Lane">The lane that it runs on.</param>
public readonly record struct PassInfo(Attempt Attempt, string Model, int Iteration, int Number, ulong Seed, DeviceLane Lane);
