using Rqml.Supervision;

namespace Rqml.Ledgers;

/// <summary>The one entry in the ledger that ends a task. Immutable.</summary>
internal sealed record Settlement
{
    public required Outcome Outcome { get; init; }

    /// <summary>Empty without <see cref="HasArtifact"/>.</summary>
    public ReadOnlyMemory<byte> Artifact { get; init; }

    public bool HasArtifact { get; init; }

    /// <summary>NaN where nothing scored it.</summary>
    public double Score { get; init; } = double.NaN;

    public int Iterations { get; init; }

    public string? Model { get; init; }

    public int Tier { get; init; }

    /// <summary>Whose result it is; null where the ledger itself settled the task.</summary>
    public NodeId? Node { get; init; }

    public Epoch Epoch { get; init; }

    public string? Reason { get; init; }

    /// <summary>Iteration from which the attempt that finished had resumed; 0 where it began afresh.</summary>
    public int ResumedAt { get; init; }

    public int Passes { get; init; }

    public double Cost { get; init; }

    /// <summary>Time on workers.</summary>
    public long ElapsedMs { get; init; }

    public Story Story { get; init; } = Story.Empty;

    public static Settlement OfLedger(Outcome outcome, string reason) => new() { Outcome = outcome, Reason = reason };
}
