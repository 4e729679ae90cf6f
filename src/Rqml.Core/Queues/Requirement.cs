namespace Rqml.Queues;

/// <summary>Something that tasks wait for by name, such as a model, and every lane that waits for it.</summary>
internal sealed class Requirement
{
    public bool IsParked { get; set; }

    /// <summary>One lane a class.</summary>
    public List<Lane> Lanes { get; } = [];
}
