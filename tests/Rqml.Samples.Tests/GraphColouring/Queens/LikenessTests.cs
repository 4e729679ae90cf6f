using FsCheck.Xunit;
using GraphColouring.Queens;

namespace Rqml.Samples.Tests.GraphColouring.Queens;

public sealed class LikenessTests
{
    [Property]
    public void It_is_symmetric_and_lies_between_0_and_1(ulong one, ulong other)
    {
        var (left, right) = (Colouring.Draw(new ColouringJob(6, 7, one)), Colouring.Draw(new ColouringJob(6, 9, other)));
        Assert.InRange(Likeness.Of(left, right), 0, 1);
        Assert.Equal(Likeness.Of(left, right), Likeness.Of(right, left));
    }

    [Property]
    public void A_colouring_is_like_itself_under_other_names_of_its_colours(ulong seed)
    {
        var colouring = Colouring.Draw(new ColouringJob(6, 7, seed));
        var renamed = new Colouring(6, 7, string.Concat(colouring.Squares.Select(colour => (char)('6' - colour + '0'))), moves: 9);
        Assert.Equal(1, Likeness.Of(colouring, colouring));
        Assert.Equal(1, Likeness.Of(colouring, renamed));
    }

    [Fact]
    public void One_square_recoloured_shows()
    {
        var solved = new TabuCol().Improve(null, new ColouringJob(10, 12, Seed: 1), seed: 1);
        var changed = new Colouring(10, 12, (solved.Squares[0] == '0' ? "1" : "0") + solved.Squares[1..], moves: 0);
        Assert.InRange(Likeness.Of(solved, changed), 0.9, 0.98);
    }

    [Fact]
    public void Different_boards_are_not_alike() =>
        Assert.Equal(0, Likeness.Of(Colouring.Draw(new ColouringJob(6, 7, Seed: 1)), Colouring.Draw(new ColouringJob(7, 7, Seed: 1))));
}
