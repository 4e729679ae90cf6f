using GraphColouring.Queens;

namespace Rqml.Samples.Tests.GraphColouring.Queens;

public sealed class QueenGraphTests
{
    // n(n-1)(5n-1)/3 edges: a queen's moves, counted by hand for 4 and known of the DIMACS graphs queen5_5 (160) and queen8_8 (728).
    [Theory]
    [InlineData(4, 76)]
    [InlineData(5, 160)]
    [InlineData(8, 728)]
    [InlineData(16, 6320)]
    public void A_board_has_as_many_edges_as_a_queen_has_moves(int size, int edges) => Assert.Equal(edges, QueenGraph.Of(size).Edges.Length);

    [Fact]
    public void A_queen_in_a_corner_moves_along_two_sides_and_one_diagonal() => Assert.Equal([1, 2, 3, 4, 5, 8, 10, 12, 15], QueenGraph.Of(4).Neighbours(0).ToArray());

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    public void A_board_too_small_or_too_large_is_refused(int size) => Assert.Throws<ArgumentOutOfRangeException>(() => QueenGraph.Of(size));
}
