namespace Rqml;

/// <summary>The root of every error that Rqml itself raises. Each kind of reaction has a sealed type of its own below it; facts are properties.</summary>
public abstract class RqmlException : Exception
{
    private protected RqmlException(string message, Exception? innerException = null) : base(message, innerException) { }
}
