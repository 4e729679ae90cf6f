using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Calls;

/// <summary>What calls cost.</summary>
/// <param name="Price">Of tokens; null where none was said.</param>
/// <param name="Declared">What a call costs of which no tokens are known.</param>
internal readonly record struct Tariff(ChatPrice? Price, double Declared)
{
    /// <summary>A model's: unless it says otherwise, a call without a price costs 1, as that of any model does.</summary>
    public static Tariff OfModel(ChatPrice? price, double? declared) => new(price, declared ?? price?.Usual ?? 1);

    /// <summary>A judge's: without a price it costs nothing, as any judge does.</summary>
    public static Tariff OfJudge(ChatPrice? price) => new(price, price?.Usual ?? 0);

    public double Of(UsageDetails? usage) => Price?.Of(usage) ?? Declared;
}
