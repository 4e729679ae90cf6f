using Rqml.Models;

namespace Rqml;

/// <summary>What a scorer says of an artifact. A number alone converts to it.</summary>
/// <param name="Value">Quality in [0, 1].</param>
public readonly record struct Score(double Value)
{
    /// <summary>What it cost to find out, in the unit of the class's costs: it counts against the task's budget. Default 0. Zero or more, and finite.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double Cost { get; init => field = ModelCost.Checked(value, nameof(Cost)); }

    /// <summary>A quality that cost nothing to find out.</summary>
#pragma warning disable CA2225 // the constructor is the named alternate
    public static implicit operator Score(double value) => new(value);
#pragma warning restore CA2225
}
