namespace Rqml.Extensions.AI;

/// <summary>How a model over a chat client works.</summary>
public sealed class ChatModelOptions : ChatCallOptions
{
    /// <summary>What the model is told about its work before anything else: the system's message.</summary>
    /// <value>Default null: that it makes an answer better in rounds, heeds what reviewers say, and repeats what needs no change.</value>
    public string? Instructions { get; set; }

    /// <summary>Whether answers are streamed, so that a call that has stopped is noticed, and <see cref="OnText"/> hears of them while they grow.</summary>
    /// <value>Default true. False for a client that cannot.</value>
    public bool Streaming { get; set; } = true;

    /// <summary>How long a stream may say nothing, its beginning included, before its pass fails. Below the class's <c>beatTimeout</c>.</summary>
    /// <value>Default 30 s. From 100 ms to 1 h.</value>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often within a pass the model is told what is wrong with an answer that cannot be read, and asked again.</summary>
    /// <value>Default 1. From 0 to 3.</value>
    public int RepairTurns { get; set; } = 1;

    /// <summary>Hears of an answer while it is streamed: all of it so far, on the node that makes it. One call at a time for each answer, never on the lane; while it is busy, later texts replace one another. What it throws is ignored.</summary>
    /// <value>Default null: nobody.</value>
    public Action<ChatText>? OnText { get; set; }

    internal override IEnumerable<string> Faults()
    {
        foreach (var fault in base.Faults()) yield return fault;
        if (StallTimeout < TimeSpan.FromMilliseconds(100) || StallTimeout > TimeSpan.FromHours(1)) yield return Fault(nameof(StallTimeout), StallTimeout, "100 ms to 1 h");
        if (RepairTurns is < 0 or > 3) yield return Fault(nameof(RepairTurns), RepairTurns, "0 to 3");
    }
}
