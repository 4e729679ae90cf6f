namespace Rqml;

/// <summary>What a convergence rule saw in an iteration.</summary>
/// <param name="Rule">"Stability", "Consistency" or "Novelty".</param>
/// <param name="Value">The value that it compared; NaN where it had too little to go by.</param>
/// <param name="Threshold">What it compared with.</param>
/// <param name="HeldFor">Iterations in a row for which the comparison has held, this one included.</param>
/// <param name="Patience">Iterations for which it has to.</param>
public readonly record struct ConvergenceEvidence(string Rule, double Value, double Threshold, int HeldFor, int Patience)
{
    /// <summary>Whether the rule holds.</summary>
    public bool Holds => HeldFor >= Patience;
}
