namespace GraphColouring.Queens;

/// <summary>
/// The last word on a colouring. Counts along the lines on which a queen moves, from the text of the artifact alone, so that it shares nothing with the tables
/// by which the models count.
/// </summary>
public static class Verifier
{
    // Half of a queen's eight directions: every pair of squares is met from one of its ends.
    private static readonly (int Row, int Column)[] Directions = [(0, 1), (1, 0), (1, 1), (1, -1)];

    /// <summary>Pairs of squares of one colour between which a queen moves, whether or not others stand in between.</summary>
    public static int Conflicts(Colouring colouring)
    {
        ArgumentNullException.ThrowIfNull(colouring);
        var (size, conflicts) = (colouring.Size, 0);
        for (var square = 0; square < size * size; square++)
        {
            foreach (var (down, right) in Directions)
            {
                var (row, column) = (square / size + down, square % size + right);
                for (; row < size && column >= 0 && column < size; row += down, column += right)
                {
                    if (colouring.Squares[row * size + column] == colouring.Squares[square]) conflicts++;
                }
            }
        }

        return conflicts;
    }

    /// <summary>From above 0 to 1: one over one more than the conflicts. 1 is a solution.</summary>
    public static double Score(Colouring colouring) => 1.0 / (1 + Conflicts(colouring));

    /// <summary>Whether it is a solution of this job: its board, no more than its colours, and no conflict.</summary>
    public static bool Accepts(ColouringJob job, Colouring colouring)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(colouring);
        return colouring.Size == job.Size && colouring.Colours <= job.Colours && Conflicts(colouring) == 0;
    }
}
