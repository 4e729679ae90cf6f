namespace Rqml;

/// <summary>Thrown by a model, to say that this was one call too many: fewer are made at once from then on, and the pass is tried again.</summary>
/// <param name="retryAfter">How long the model asks to be spared; null where it does not say. Less than zero, as a moment gone by gives, counts as zero.</param>
/// <param name="innerException">What the model heard itself.</param>
/// <param name="cost">What the pass had cost by then; null: the declared cost. Zero or more, and finite.</param>
public sealed class ModelOverloadedException(TimeSpan? retryAfter = null, Exception? innerException = null, double? cost = null)
    : ModelFailedException($"The model refused a call as one too many{(retryAfter is { } wait ? $", and asks for {wait} of rest" : "")}.", cost, innerException)
{
    /// <summary>How long the model asks to be spared; zero or more, null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter < TimeSpan.Zero ? TimeSpan.Zero : retryAfter;
}
