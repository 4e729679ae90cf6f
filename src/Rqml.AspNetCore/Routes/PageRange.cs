using System.Globalization;
using Rqml.AspNetCore.Problems;

namespace Rqml.AspNetCore.Routes;

/// <summary>Which part of a long list a caller wants.</summary>
/// <param name="After">Begins behind this task; null: at the beginning.</param>
/// <param name="Limit">Most entries.</param>
internal readonly record struct PageRange(TaskId? After, int Limit)
{
    /// <exception cref="ProblemException">It is no id, or no number in the range.</exception>
    public static PageRange Read(string? after, string? limit, int most)
    {
        var count = most;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count < 1 || count > most)) throw ProblemException.Invalid($"limit is '{Quote.Of(limit)}'; it takes 1 to {most}.");
        return new PageRange(after is null ? null : Ids.Read(after, nameof(after)), count);
    }
}
