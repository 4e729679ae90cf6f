namespace Rqml.DoesItPay.Labelling;

/// <summary>What is said of one image so far.</summary>
/// <param name="Label">From 0 to 9.</param>
/// <param name="Confidence">From 0 to 1.</param>
/// <param name="IsOpen">The model that gave the label would rather have another one asked.</param>
public readonly record struct ImageLabel(int Label, double Confidence, bool IsOpen);
