namespace GraphColouring.Queens;

/// <summary>A walk from colouring to colouring, one square at a time: where it stands, what each move would change, and the best that it met.</summary>
/// <remarks>
/// The table of neighbours by colour is that of A. Hertz and D. de Werra 1987: a move is priced by
/// two look-ups, and costs one pass over the square's neighbours.
/// </remarks>
internal sealed class Walk
{
    private readonly QueenGraph _graph;
    private readonly int _colours;
    private readonly byte[] _colourOf;
    private readonly byte[] _best;

    // Invariant: [vertex * _colours + colour] neighbours of the vertex have that colour.
    private readonly int[] _neighboursIn;

    private long _moves;

    public Walk(Colouring start)
    {
        _graph = QueenGraph.Of(start.Size);
        _colours = start.Colours;
        _colourOf = [.. Enumerable.Range(0, _graph.VertexCount).Select(vertex => (byte)start.ColourOf(vertex))];
        _best = [.. _colourOf];
        _neighboursIn = new int[_graph.VertexCount * _colours];
        _moves = start.Moves;
        foreach (var (lower, higher) in _graph.Edges)
        {
            _neighboursIn[lower * _colours + _colourOf[higher]]++;
            _neighboursIn[higher * _colours + _colourOf[lower]]++;
            if (_colourOf[lower] == _colourOf[higher]) Conflicts++;
        }

        BestConflicts = Conflicts;
    }

    public int VertexCount => _colourOf.Length;

    /// <summary>Edges between squares of one colour, here.</summary>
    public int Conflicts { get; private set; }

    /// <summary>The least met so far.</summary>
    public int BestConflicts { get; private set; }

    public int ColourOf(int vertex) => _colourOf[vertex];

    /// <summary>For each colour, how many neighbours of the vertex have it.</summary>
    public ReadOnlySpan<int> NeighboursByColour(int vertex) => _neighboursIn.AsSpan(vertex * _colours, _colours);

    public bool IsInConflict(int vertex) => _neighboursIn[vertex * _colours + _colourOf[vertex]] > 0;

    /// <summary>How many conflicts more there would be; fewer where it is negative.</summary>
    public int Change(int vertex, int colour) => _neighboursIn[vertex * _colours + colour] - _neighboursIn[vertex * _colours + _colourOf[vertex]];

    public void Recolour(int vertex, int colour)
    {
        var before = _colourOf[vertex];
        Conflicts += Change(vertex, colour);
        foreach (var neighbour in _graph.Neighbours(vertex))
        {
            _neighboursIn[neighbour * _colours + before]--;
            _neighboursIn[neighbour * _colours + colour]++;
        }

        _colourOf[vertex] = (byte)colour;
        _moves++;
        if (Conflicts < BestConflicts) KeepAsBest();
    }

    /// <summary>Where it stands, for a recount.</summary>
    public Colouring Here() => Colouring.Of(_graph.Size, _colours, _colourOf, _moves);

    /// <summary>The best that was met, the first of equals, with all moves of the walk on its account.</summary>
    public Colouring Best() => Colouring.Of(_graph.Size, _colours, _best, _moves);

    private void KeepAsBest()
    {
        BestConflicts = Conflicts;
        _colourOf.CopyTo(_best, 0);
    }
}
