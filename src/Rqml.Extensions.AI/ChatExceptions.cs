namespace Rqml.Extensions.AI;

/// <summary>A chat client gave an answer that is of no use: empty, cut short, withheld, or not of the artifact's type. The answer itself is not in the message.</summary>
public sealed class UnusableAnswerException(string name, string fault, double cost) : ModelFailedException($"The answer of '{name}' is of no use: {fault}.", cost)
{
    /// <summary>Name of the model or judge.</summary>
    public string Name { get; } = name;

    /// <summary>What is wrong with it.</summary>
    public string Fault { get; } = fault;
}

/// <summary>A chat client took longer than it may.</summary>
public sealed class ChatTimeoutException(string name, string option, TimeSpan limit, double cost, Exception? innerException = null)
    : ModelFailedException($"'{name}' took longer than its {option} of {limit}.", cost, innerException)
{
    /// <summary>Name of the model or judge.</summary>
    public string Name { get; } = name;

    /// <summary>The option that says how long it may take.</summary>
    public string Option { get; } = option;

    /// <summary>How long that is.</summary>
    public TimeSpan Limit { get; } = limit;
}

/// <summary>A chat client or embedding generator threw. What it said is in <see cref="Exception.InnerException"/> alone, as it may tell more than belongs into a result or a log.</summary>
public sealed class ChatCallFailedException(string name, int? status, double cost, Exception innerException)
    : ModelFailedException($"The call of '{name}' failed{(status is { } code ? $" with status {code}" : "")}: its client threw {innerException?.GetType().Name}.", cost, innerException)
{
    /// <summary>Name of the model or judge.</summary>
    public string Name { get; } = name;

    /// <summary>Status of the HTTP response; null where there was none.</summary>
    public int? Status { get; } = status;
}
