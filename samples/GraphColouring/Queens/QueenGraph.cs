using System.Collections.Immutable;

namespace GraphColouring.Queens;

/// <summary>
/// The queen graph of a board: its squares are the vertices, row by row from 0, and two are joined where a queen moves from one to the other. In k colours, it
/// holds k sets of queens that leave each other alone.
/// </summary>
public sealed class QueenGraph
{
    public const int SizeMin = 4;
    public const int SizeMax = 16;

    private static readonly Lazy<QueenGraph>[] BySize =
        [.. Enumerable.Range(SizeMin, SizeMax - SizeMin + 1).Select(size => new Lazy<QueenGraph>(() => new QueenGraph(size)))];

    private readonly int[][] _neighbours;

    private QueenGraph(int size)
    {
        Size = size;
        VertexCount = size * size;
        var vertices = Enumerable.Range(0, VertexCount);
        _neighbours = [.. vertices.Select(one => vertices.Where(other => AreAdjacent(one, other)).ToArray())];
        Edges = [.. vertices.SelectMany(one => _neighbours[one].Where(other => one < other).Select(other => (one, other)))];
    }

    /// <summary>Squares on a side.</summary>
    public int Size { get; }

    public int VertexCount { get; }

    /// <summary>Each edge once, the lower vertex first, ascending.</summary>
    public ImmutableArray<(int Lower, int Higher)> Edges { get; }

    /// <summary>The graph of a board with this many squares on a side, made once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not from <see cref="SizeMin"/> to <see cref="SizeMax"/>.</exception>
    public static QueenGraph Of(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, SizeMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, SizeMax);
        return BySize[size - SizeMin].Value;
    }

    /// <summary>Ascending.</summary>
    public ReadOnlySpan<int> Neighbours(int vertex) => _neighbours[vertex];

    public bool AreAdjacent(int one, int other)
    {
        var (rows, columns) = (Math.Abs(one / Size - other / Size), Math.Abs(one % Size - other % Size));
        return one != other && (rows == 0 || columns == 0 || rows == columns);
    }
}
