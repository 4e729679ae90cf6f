using Microsoft.Extensions.Options;

namespace Rqml.AspNetCore;

/// <summary>What a host's pages and its tasks over HTTP may cost, and when the node counts as healthy.</summary>
public sealed class RqmlHttpOptions
{
    /// <summary>How long the node's loop may take to answer before the node counts as dead.</summary>
    /// <value>Default 5 s. From 100 ms to 1 min; less than the probe waits.</value>
    public TimeSpan AnswersWithin { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The share of the memory that the process may use from which on the node counts as degraded.</summary>
    /// <value>Default 0.9. Above 0, to 1.</value>
    public double DegradedAtMemory { get; set; } = 0.9;

    /// <summary>Most entries that a page has, and its default where the caller does not say how many.</summary>
    /// <value>Default 100. From 1 to 1,000.</value>
    public int PageSize { get; set; } = 100;

    /// <summary>Streams of events that are open at once; who comes then is told to come again.</summary>
    /// <value>Default 256. From 1 to 100,000.</value>
    public int MaxEventStreams { get; set; } = 256;

    /// <summary>After how long without an event a stream of events says that it lives, so that proxies keep it and readers that have gone are noticed. A reader that takes nothing for four times as long is given up.</summary>
    /// <value>Default 15 s. From 1 s to 10 min; less than the proxies before the host wait.</value>
    public TimeSpan EventKeepAlive { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Names every fault of <see cref="RqmlHttpOptions"/> at once.</summary>
internal sealed class RqmlHttpOptionsValidator : IValidateOptions<RqmlHttpOptions>
{
    public ValidateOptionsResult Validate(string? name, RqmlHttpOptions options)
    {
        var faults = new List<string>();
        Check(options.AnswersWithin >= TimeSpan.FromMilliseconds(100) && options.AnswersWithin <= TimeSpan.FromMinutes(1), nameof(options.AnswersWithin), options.AnswersWithin, "100 ms to 1 min");
        Check(options.DegradedAtMemory is > 0 and <= 1, nameof(options.DegradedAtMemory), options.DegradedAtMemory, "above 0, to 1");
        Check(options.PageSize is >= 1 and <= 1_000, nameof(options.PageSize), options.PageSize, "1 to 1,000");
        Check(options.MaxEventStreams is >= 1 and <= 100_000, nameof(options.MaxEventStreams), options.MaxEventStreams, "1 to 100,000");
        Check(options.EventKeepAlive >= TimeSpan.FromSeconds(1) && options.EventKeepAlive <= TimeSpan.FromMinutes(10), nameof(options.EventKeepAlive), options.EventKeepAlive, "1 s to 10 min");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Check(bool holds, string option, object? value, string range)
        {
            if (!holds) faults.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{nameof(RqmlHttpOptions)}.{option} is '{value}'; it takes {range}."));
        }
    }
}
