using GraphColouring.Queens;

namespace Rqml.DoesItPay.Queens;

/// <summary>A model of the study: what makes a round, what a round costs, and when it counts as stuck.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Family">Of its kind of search.</param>
/// <param name="Tier">Its size.</param>
/// <param name="Improver">Makes a round.</param>
/// <param name="Cost">Declared cost of a round: about its milliseconds on a board of 10 to 12.</param>
internal sealed record SearchModel(string Name, string Family, int Tier, IImprover Improver, double Cost)
{
    /// <summary>Declared cost that no regime exceeds on a board.</summary>
    public const double Budget = 100;

    /// <summary>Rounds without a gain after which a model is stuck.</summary>
    public const int Patience = 2;

    // A tenth of the rounds that the sample makes: what a regime decides between two of them matters more, and boards stay that are not solved at once.
    public static SearchModel MinConflicts { get; } = new("min-conflicts", "descent", 0, new MinConflicts(), Cost: 0.5);

    public static SearchModel TabuCol { get; } = new("tabucol", "tabu", 1, new TabuCol(TabuColMoves), Cost: 4);

    public static SearchModel Annealing { get; } = new("annealing", "annealing", 1, new Annealing(AnnealingTrials), Cost: 1);

    private const int TabuColMoves = GraphColouring.Queens.TabuCol.DefaultMovesPerRound / 10;
    private const int AnnealingTrials = GraphColouring.Queens.Annealing.DefaultTrialsPerRound / 10;
}
