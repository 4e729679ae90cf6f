namespace Quickstart.Learning;

/// <summary>A line of the data is not a digit; the file was damaged or is another one.</summary>
public sealed class MalformedDigitException(int lineNumber, string fault) : FormatException($"Line {lineNumber} of the digits: {fault}.")
{
    /// <summary>Counted from 1.</summary>
    public int LineNumber { get; } = lineNumber;

    public string Fault { get; } = fault;
}
