namespace Rqml.DoesItPay.Measuring;

/// <summary>What one regime made of one seed, in the units of the report.</summary>
public readonly record struct Trial(double Quality, double Cost);
