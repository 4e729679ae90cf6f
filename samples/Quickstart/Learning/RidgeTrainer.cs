namespace Quickstart.Learning;

/// <summary>Kernel ridge regression, one against all, by conjugate gradients: the larger model.</summary>
public sealed class RidgeTrainer : ITrainer
{
    private const int StepsPerRound = 20;   // so that answers settle in about five rounds

    public ClassifierKind Kind => ClassifierKind.RidgeRbf;

    public Classifier Train(Classifier? current, Bootstrap data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var from = current?.Kind == Kind ? current : null;
        var parameters = from?.Parameters.ToArray() ?? new float[RidgeLayout.Count];
        var targets = new float[RidgeLayout.LineCount];
        var system = new RidgeSystem(data);

        // Each round starts its directions afresh from the solution so far. That costs a few steps more than carrying the last
        // direction along, and makes the artifact half as large: the solution alone says how to go on.
        for (var label = 0; label < Digits.LabelCount; label++)
        {
            system.FillTargets(label, targets);
            ConjugateGradient.Improve(system, targets, parameters.AsSpan(RidgeLayout.Row(label)), StepsPerRound);
        }

        return new Classifier(Kind, (from?.Round ?? 0) + 1, new Weights(parameters), Weights.None);
    }
}
