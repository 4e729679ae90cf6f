namespace Rqml;

/// <summary>Says how good an artifact is. Pure and thread-safe.</summary>
public interface IArtifactScorer<TPayload, TArtifact>
{
    /// <summary>Quality in [0, 1], and what it cost to find out. A quality that is not finite or out of range fails the pass with <see cref="ScoreOutOfRangeException"/>.</summary>
    ValueTask<Score> ScoreAsync(TPayload payload, TArtifact artifact, CancellationToken cancellationToken);
}

/// <summary>A score or a similarity was not a number in [0, 1].</summary>
public sealed class ScoreOutOfRangeException(string what, string @class, double value)
    : RqmlException($"The {what} of task class '{@class}' gave {value}; it must be a finite number from 0 to 1.")
{
    /// <summary>"scorer", "similarity" or "confidence".</summary>
    public string What { get; } = what;

    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>The value.</summary>
    public double Value { get; } = value;
}

/// <summary>What a model says that its pass cost was not a finite number from 0 up.</summary>
public sealed class CostOutOfRangeException(string @class, string model, double value)
    : RqmlException($"The model '{model}' of task class '{@class}' gave {value} as its cost; it must be finite and not negative.")
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>Name of the model.</summary>
    public string Model { get; } = model;

    /// <summary>The value.</summary>
    public double Value { get; } = value;
}

/// <summary>A model's artifact is longer than its class allows.</summary>
public sealed class ArtifactTooLargeException(string @class, string model, long bytes, long maxBytes)
    : RqmlException($"The artifact that model '{model}' made for task class '{@class}' takes {bytes} bytes; the limit is {maxBytes}.")
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>Name of the model.</summary>
    public string Model { get; } = model;

    /// <summary>Length of the artifact.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The limit.</summary>
    public long MaxBytes { get; } = maxBytes;
}

/// <summary>A model gave no artifact.</summary>
public sealed class NullArtifactException(string model, string @class)
    : RqmlException($"The model '{model}' of task class '{@class}' returned null instead of an artifact.")
{
    /// <summary>Name of the model.</summary>
    public string Model { get; } = model;

    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;
}
