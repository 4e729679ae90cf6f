using Rqml.Models;

namespace Rqml;

/// <summary>Thrown by a model, scorer or validator whose call came to nothing, to say why and what it cost all the same. Derive from it for a failure with facts of its own.</summary>
/// <remarks>Whatever else is thrown fails the pass as well, and costs what the model's call is declared to cost.</remarks>
public class ModelFailedException : RqmlException
{
    /// <summary>A failure.</summary>
    /// <param name="message">Why, in words. They travel with a failed task's result: no payload, prompt or secret belongs into them.</param>
    /// <param name="cost">What the call cost, in the unit of the class's costs; null where it is not known: the declared cost then. Zero or more, and finite.</param>
    /// <param name="innerException">What the model heard itself.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cost"/> is negative or not finite.</exception>
#pragma warning disable RS0022 // meant to be derived from, as the root of errors is not
    public ModelFailedException(string message, double? cost = null, Exception? innerException = null)
        : base(message, innerException) => Cost = ModelCost.Checked(cost, nameof(cost));
#pragma warning restore RS0022

    /// <summary>What the call cost; null where it is not known.</summary>
    public double? Cost { get; private set; }

    /// <summary>What was spent on the pass before this call failed.</summary>
    internal void Add(double cost) => Cost += cost;
}
