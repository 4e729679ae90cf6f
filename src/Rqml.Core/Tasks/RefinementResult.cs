using Rqml.Ledgers;
using Rqml.Tasks;

namespace Rqml;

/// <summary>How a task ended and with what. Thread-safe.</summary>
public sealed class RefinementResult<TArtifact>
{
    private readonly Settlement _settlement;
    private readonly long _settledMs;
    private readonly IValueSerializer<TArtifact> _serializer;

    internal RefinementResult(TaskId task, Settlement settlement, long settledMs, IValueSerializer<TArtifact> serializer)
    {
        Task = task;
        _settlement = settlement;
        _settledMs = settledMs;
        _serializer = serializer;
    }

    /// <summary>The task.</summary>
    public TaskId Task { get; }

    /// <summary>How it was settled.</summary>
    public Outcome Outcome => _settlement.Outcome;

    /// <summary>Whether there is an artifact: always for <see cref="Outcome.Converged"/>; where a node ended the task otherwise, if one had been made; never where its
    /// deadline passed, or it was cancelled or poisoned: those endings are the ledger's, which knows of no artifact.</summary>
    public bool HasArtifact => _settlement.HasArtifact;

    /// <summary>The best artifact, read anew from its bytes at each call.</summary>
    /// <exception cref="InvalidOperationException">There is none; see <see cref="HasArtifact"/>.</exception>
    /// <exception cref="SerializationFailedException">The class's serializer threw.</exception>
    public TArtifact Artifact
    {
        get
        {
            if (!HasArtifact) throw new InvalidOperationException($"Task {Task} was settled as {Outcome} without an artifact.");
            return _serializer.ReadArtifact(_settlement.Artifact);
        }
    }

    /// <summary>The artifact's bytes as the class's serializer wrote them; empty without one.</summary>
    public ReadOnlyMemory<byte> ArtifactBytes => _settlement.Artifact;

    /// <summary>The artifact's score in [0, 1]; null where nothing scored it.</summary>
    public double? Score => double.IsNaN(_settlement.Score) ? null : _settlement.Score;

    /// <summary>Iterations that the artifact rests on.</summary>
    public int Iterations => _settlement.Iterations;

    /// <summary>Name of the model that made the artifact, or without one of the last that worked; null if none did.</summary>
    public string? Model => _settlement.Model;

    /// <summary>The highest tier that worked on it.</summary>
    public int Tier => _settlement.Tier;

    /// <summary>The node whose result was settled; null where the ledger itself settled the task.</summary>
    public NodeId? Node => _settlement.Node;

    /// <summary>The attempt whose result was settled; null where the ledger itself settled the task.</summary>
    public Attempt? Attempt => _settlement.Node is null ? null : new Attempt(Task, _settlement.Epoch);

    /// <summary>The iteration from whose checkpoint the attempt that was settled had gone on; 0 where it made all of them itself.</summary>
    public int ResumedAt => _settlement.ResumedAt;

    /// <summary>Why, in words: the last error of a failed task, what the policy said of another; null where there is nothing to say.</summary>
    public string? Reason => _settlement.Reason;

    /// <summary>What the calls of models, scorers and validators cost, failed ones and ballots included; zero where the ledger itself settled the task.</summary>
    public double Cost => _settlement.Cost;

    /// <summary>What happened to the task and why.</summary>
    public TaskStory Story => new(Task, _settlement.Story, _settlement);

    /// <summary>When it was settled, by the ledger's clock.</summary>
    public DateTimeOffset SettledAt => DateTimeOffset.FromUnixTimeMilliseconds(_settledMs);

    internal RefinementResult<ReadOnlyMemory<byte>> AsBytes() => new(Task, _settlement, _settledMs, ValueSerializer.Raw);
}
