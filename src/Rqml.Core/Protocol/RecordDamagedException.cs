namespace Rqml.Protocol;

/// <summary>A record from disk or wire says what no writer of ours would say.</summary>
public sealed class RecordDamagedException : RqmlException
{
    internal RecordDamagedException(string message, Exception? innerException = null) : base(message, innerException) { }
}
