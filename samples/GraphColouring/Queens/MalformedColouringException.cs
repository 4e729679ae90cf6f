namespace GraphColouring.Queens;

/// <summary>What was read is no colouring of its board: it was damaged, or is of another one.</summary>
public sealed class MalformedColouringException(int size, int colours, string fault)
    : FormatException($"A colouring of a board of {size} in {colours} colours: {fault}.")
{
    public int Size { get; } = size;

    public int Colours { get; } = colours;

    public string Fault { get; } = fault;
}
