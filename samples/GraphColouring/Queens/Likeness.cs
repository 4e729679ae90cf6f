namespace GraphColouring.Queens;

/// <summary>
/// How alike two colourings are, from 0 to 1, whatever their colours are called: of the pairs of squares that share a colour in one of them, the part that does
/// in both. 1 where they differ in names alone. One square recoloured on a board of 10 gives about 0.96.
/// </summary>
/// <remarks>
/// Jaccard's index over pairs, as A. Ben-Hur, A. Elisseeff and I. Guyon compare clusterings ("A stability based method for discovering structure in clustered
/// data", PSB 2002). Counting squares of the same colour would call a solution and its renamed copy strangers.
/// </remarks>
public static class Likeness
{
    /// <summary>Different boards are not compared: 0.</summary>
    public static double Of(Colouring one, Colouring other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        if (one.Size != other.Size) return 0;

        var (inOne, inOther, inBoth) = (new int[one.Colours], new int[other.Colours], new int[one.Colours * other.Colours]);
        for (var vertex = 0; vertex < one.Squares.Length; vertex++)
        {
            var (colour, counterpart) = (one.ColourOf(vertex), other.ColourOf(vertex));
            inOne[colour]++;
            inOther[counterpart]++;
            inBoth[colour * other.Colours + counterpart]++;
        }

        var shared = inBoth.Sum(Pairs);
        var either = inOne.Sum(Pairs) + inOther.Sum(Pairs) - shared;
        return either == 0 ? 1 : (double)shared / either;
    }

    private static int Pairs(int squares) => squares * (squares - 1) / 2;
}
