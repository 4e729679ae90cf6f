using System.Text.Json.Serialization;

namespace GraphColouring.Queens;

/// <summary>
/// A colour for each square of a board, good or bad, and all that is needed to improve it further: a copy read back from JSON goes on bit for bit like the
/// original. Immutable, equal by value; about 160 bytes of JSON for a board of 10.
/// </summary>
public sealed record Colouring
{
    public const int ColoursMin = 2;
    public const int ColoursMax = 36;

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <exception cref="ArgumentOutOfRangeException">The size, the number of colours or of moves is none that a job or a model can leave.</exception>
    /// <exception cref="MalformedColouringException">There is not one colour of the allowed ones for each square.</exception>
    [JsonConstructor]
    public Colouring(int size, int colours, string squares, long moves)
    {
        ArgumentNullException.ThrowIfNull(squares);
        ArgumentOutOfRangeException.ThrowIfNegative(moves);
        var vertices = QueenGraph.Of(size).VertexCount;
        var allowed = Digits.AsSpan(0, CheckColours(colours));
        if (squares.Length != vertices) throw new MalformedColouringException(size, colours, $"{squares.Length} squares coloured of {vertices}");
        var wrong = squares.AsSpan().IndexOfAnyExcept(allowed);
        if (wrong >= 0) throw new MalformedColouringException(size, colours, $"square {wrong} has the colour '{squares[wrong]}'");
        Size = size;
        Colours = colours;
        Squares = squares;
        Moves = moves;
    }

    /// <summary>Squares on a side of the board.</summary>
    public int Size { get; }

    /// <summary>How many colours there are to choose from.</summary>
    public int Colours { get; }

    /// <summary>The colour of each square, row by row, as one digit to the base 36.</summary>
    public string Squares { get; }

    /// <summary>Moves that models have spent on it, over all rounds. They also number the draws, so that no round repeats another.</summary>
    public long Moves { get; }

    /// <summary>From 0.</summary>
    public int ColourOf(int vertex) => Squares[vertex] <= '9' ? Squares[vertex] - '0' : Squares[vertex] - 'A' + 10;

    /// <summary>Every square in a colour drawn by the job's seed.</summary>
    public static Colouring Draw(ColouringJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var random = SplitMix64.For(job.Seed);
        var colours = new byte[QueenGraph.Of(job.Size).VertexCount];
        foreach (ref var colour in colours.AsSpan()) colour = (byte)random.Below(job.Colours);
        return Of(job.Size, job.Colours, colours, moves: 0);
    }

    internal static Colouring Of(int size, int colours, byte[] colourOf, long moves) =>
        new(size, colours, string.Create(colourOf.Length, colourOf, (text, from) =>
        {
            for (var vertex = 0; vertex < text.Length; vertex++) text[vertex] = Digits[from[vertex]];
        }), moves);

    internal static int CheckColours(int colours)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(colours, ColoursMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(colours, ColoursMax);
        return colours;
    }
}
