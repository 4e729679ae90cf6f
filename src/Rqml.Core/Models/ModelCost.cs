namespace Rqml.Models;

/// <summary>What a call may say that it cost.</summary>
internal static class ModelCost
{
    /// <summary>The cost, where it is one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public static double Checked(double cost, string name) =>
        cost >= 0 && double.IsFinite(cost) ? cost : throw new ArgumentOutOfRangeException(name, cost, "A cost is zero or more, and finite.");

    /// <inheritdoc cref="Checked(double, string)"/>
    public static double? Checked(double? cost, string name) => cost is { } stated ? Checked(stated, name) : null;

    /// <summary>What a failed call of a model is charged with.</summary>
    public static double Of(Exception failure, ModelDescriptor model) => (failure as ModelFailedException)?.Cost ?? model.Cost;
}
