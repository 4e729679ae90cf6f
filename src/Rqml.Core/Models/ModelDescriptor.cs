namespace Rqml;

/// <summary>What a task class says of one of its models.</summary>
/// <param name="Name">Unique in the class.</param>
/// <param name="Tier">Its size: 0 is the smallest; escalation goes up.</param>
/// <param name="Family">Models of one family fail alike; diversity looks for another.</param>
/// <param name="Cost">Declared cost of a call, above or equal to zero.</param>
/// <param name="Device">The device kind that it needs a lane of; "cpu" by default.</param>
public sealed record ModelDescriptor(string Name, int Tier, string Family, double Cost, string Device)
{
    /// <summary>How many of its calls a node makes at once; null: as many as there are lanes.</summary>
    public ModelConcurrency? Concurrency { get; init; }
}
