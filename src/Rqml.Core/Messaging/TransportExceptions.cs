namespace Rqml.Messaging;

/// <summary>A transport could not listen or connect.</summary>
public sealed class TransportException(string address, string cause, Exception? innerException = null)
    : RqmlException($"'{address}': {cause}.", innerException)
{
    /// <summary>The address.</summary>
    public string Address { get; } = address;

    /// <summary>What went wrong.</summary>
    public string Cause { get; } = cause;
}

/// <summary>The machine answered that nobody listens at the address: the process that did is gone.</summary>
public sealed class ConnectionRefusedException(string address, Exception? innerException = null)
    : RqmlException($"'{address}': nobody listens there.", innerException)
{
    /// <summary>The address.</summary>
    public string Address { get; } = address;
}

/// <summary>The link is closed, by either side or by a fault.</summary>
public sealed class LinkClosedException(string peer, string cause, Exception? innerException = null)
    : RqmlException($"The link to '{peer}' is closed: {cause}.", innerException)
{
    /// <summary>Address of the other end.</summary>
    public string Peer { get; } = peer;

    /// <summary>Why.</summary>
    public string Cause { get; } = cause;

    /// <summary>Whether the other end sent what is none of the transport's: that is counted and told, where an end is not.</summary>
    public bool IsViolation { get; init; }
}
