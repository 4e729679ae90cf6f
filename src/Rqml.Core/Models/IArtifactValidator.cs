using Rqml.Models;

namespace Rqml;

/// <summary>Says whether an artifact is acceptable. Thread-safe.</summary>
public interface IArtifactValidator<TPayload, TArtifact>
{
    /// <summary>The verdict. One that throws, or takes longer than the class's <c>validatorTimeout</c>, abstains, and is counted.</summary>
    ValueTask<Validation> ValidateAsync(TPayload payload, TArtifact artifact, CancellationToken cancellationToken);
}

/// <summary>A validator's verdict.</summary>
/// <param name="Judgement">What it says.</param>
/// <param name="Reason">Why, in words; a model that has another try is told.</param>
public readonly record struct Validation(Judgement Judgement, string? Reason = null)
{
    /// <summary>How sure it is, from 0 to 1: its word weighs as much. Default 1.</summary>
    public double Confidence { get; init; } = 1;

    /// <summary>What it cost to find out, in the unit of the class's costs: it counts against the task's budget. Default 0. Zero or more, and finite.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double Cost { get; init => field = ModelCost.Checked(value, nameof(Cost)); }

    /// <summary>Whether it threw or took too long, rather than abstaining of its own will.</summary>
    public bool HasFailed { get; init; }

    /// <summary>The artifact is acceptable.</summary>
    public static Validation Accept => new(Judgement.Accept);

    /// <summary>The artifact is not acceptable.</summary>
    public static Validation Reject(string reason) => new(Judgement.Reject, reason);

    /// <summary>It cannot tell.</summary>
    public static Validation Abstain(string reason) => new(Judgement.Abstain, reason);

    internal static Validation Failed(string reason) => new(Judgement.Abstain, reason) { HasFailed = true };
}

/// <summary>What a validator or a voter says of an artifact.</summary>
public enum Judgement
{
    /// <summary>It cannot tell.</summary>
    Abstain = 0,

    /// <summary>It is acceptable.</summary>
    Accept = 1,

    /// <summary>It is not acceptable.</summary>
    Reject = 2,
}
