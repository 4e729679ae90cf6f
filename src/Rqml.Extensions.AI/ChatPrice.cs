using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI;

/// <summary>What tokens cost, for a million of them, in the unit that the class's budget of cost is in. Immutable.</summary>
public sealed record ChatPrice
{
    private const double Million = 1_000_000;
    private const long UsualTokens = 1_000;

    /// <summary>A price.</summary>
    /// <param name="input">For a million tokens of the prompt. Zero or more, and finite.</param>
    /// <param name="output">For a million tokens of the answer. Zero or more, and finite.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative or not finite.</exception>
    public ChatPrice(double input, double output) => (Input, Output) = (Checked(input, nameof(input)), Checked(output, nameof(output)));

    /// <summary>For a million tokens of the prompt.</summary>
    public double Input { get; }

    /// <summary>For a million tokens of the answer, those of its reasoning included.</summary>
    public double Output { get; }

    /// <summary>For a million tokens of the prompt that the service had cached.</summary>
    /// <value>Default null: as <see cref="Input"/>. Zero or more, and finite.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double? CachedInput { get; init => field = value is { } price ? Checked(price, nameof(CachedInput)) : null; }

    /// <summary>What a call is taken to cost that does not say how many tokens it took: a thousand in, a thousand out.</summary>
    internal double Usual => ((Input + Output) * UsualTokens) / Million;

    /// <summary>What a call cost; null where it does not say how many tokens it took.</summary>
    internal double? Of(UsageDetails? usage)
    {
        if (usage is null || (usage.InputTokenCount is null && usage.OutputTokenCount is null)) return null;
        var input = Math.Max(0, usage.InputTokenCount ?? 0);
        var cached = Math.Clamp(usage.CachedInputTokenCount ?? 0, 0, input);
        return (((input - cached) * Input) + (cached * (CachedInput ?? Input)) + (Math.Max(0, usage.OutputTokenCount ?? 0) * Output)) / Million;
    }

    private static double Checked(double price, string name) =>
        price >= 0 && double.IsFinite(price) ? price : throw new ArgumentOutOfRangeException(name, price, "A price is zero or more, and finite.");
}
