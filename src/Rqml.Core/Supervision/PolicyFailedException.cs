namespace Rqml.Supervision;

/// <summary>A supervision policy threw, or decided what cannot be: its task fails, as nobody else may decide for it. Mend the policy and requeue the task.</summary>
public sealed class PolicyFailedException(string @class, Type policy, string cause, Exception? innerException = null)
    : RqmlException($"The supervision policy {policy} of task class '{@class}' {cause}.", innerException)
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>The policy's type.</summary>
    public Type Policy { get; } = policy;

    /// <summary>What it did.</summary>
    public string Cause { get; } = cause;
}
