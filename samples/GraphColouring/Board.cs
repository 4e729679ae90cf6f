using GraphColouring.Queens;
using Rqml;

namespace GraphColouring;

/// <summary>A board and its colours, which are tried from several starts.</summary>
/// <param name="Size">Squares on a side.</param>
/// <param name="Colours">Colours to choose from.</param>
/// <param name="IsPromised">Whether it has to be solved from every start.</param>
/// <param name="Class">Which models work on it, and for how long in a round.</param>
public sealed record Board(int Size, int Colours, bool IsPromised, TaskClass<ColouringJob, Colouring> Class)
{
    /// <summary>Those that are promised have as many colours as they need or one or two more; the others are for the ladder to show what it can do.</summary>
    public static IReadOnlyList<Board> All { get; } =
    [
        new(5, 5, IsPromised: true, ColourQueens.Class),
        new(6, 7, IsPromised: true, ColourQueens.Class),
        new(7, 7, IsPromised: true, ColourQueens.Class),
        new(8, 9, IsPromised: true, ColourQueens.Class),
        new(9, 10, IsPromised: true, ColourQueens.Class),
        new(10, 12, IsPromised: true, ColourQueens.Class),
        new(10, 11, IsPromised: false, ColourQueens.Class),
        new(11, 12, IsPromised: false, ColourQueens.Class),
        new(12, 13, IsPromised: false, ColourQueens.InShortRounds),
    ];

    /// <summary>What is told of it when its tasks are submitted: the larger the harder.</summary>
    public double Difficulty => Math.Clamp((Size - 4) / 8.0, 0, 1);

    public override string ToString() => $"{Size} in {Colours}{(Class == ColourQueens.InShortRounds ? ", short" : "")}";
}
