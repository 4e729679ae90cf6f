using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI;

/// <summary>What models and judges over a chat client have in common. Set when the class is added; not to be changed later.</summary>
public abstract class ChatCallOptions
{
    private protected ChatCallOptions() { }

    /// <summary>What the client's tokens cost: a call costs what it says that it used.</summary>
    /// <value>Default null: a model's call costs what it is declared to cost, a judge's nothing.</value>
    public ChatPrice? Price { get; set; }

    /// <summary>How long one call may take; and for how long a judge that is refused for load asks again.</summary>
    /// <value>Default 2 min. From 100 ms to 1 h. What streams is better bounded by its stalls.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The most tokens of an answer. One that is cut there is of no use, and fails.</summary>
    /// <value>Default null: the client's. From 1 to 1,000,000.</value>
    public int? MaxOutputTokens { get; set; }

    /// <summary>How freely words are drawn.</summary>
    /// <value>Default null: the client's. From 0 to 2.</value>
    public double? Temperature { get; set; }

    /// <summary>How payloads are written into the prompt and answers are read, where they are no strings. For a program that is trimmed or compiled ahead of time: options of a generated context.</summary>
    /// <value>Default null: those of <see cref="AIJsonUtilities.DefaultOptions"/>, which use reflection, with missing and null members refused.</value>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>Has the last word on what a call asks of its client: a model's id, tools, a seed. Called for each call, by several lanes at once.</summary>
    /// <value>Default null: nothing is changed.</value>
    public Action<ChatOptions>? Configure { get; set; }

    /// <summary>Each fault of what was set, with name, value and range.</summary>
    internal virtual IEnumerable<string> Faults()
    {
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromHours(1)) yield return Fault(nameof(Timeout), Timeout, "100 ms to 1 h");
        if (MaxOutputTokens is < 1 or > 1_000_000) yield return Fault(nameof(MaxOutputTokens), MaxOutputTokens, "1 to 1,000,000");
        if (Temperature is not (null or (>= 0 and <= 2))) yield return Fault(nameof(Temperature), Temperature, "0 to 2");
    }

    private protected string Fault(string option, object? value, string range) => FormattableString.Invariant($"{GetType().Name}.{option} is '{value}'; it takes {range}.");

    /// <summary>What one call asks of its client.</summary>
    internal ChatOptions ForCall(ChatResponseFormat format)
    {
        var options = new ChatOptions { ResponseFormat = format, MaxOutputTokens = MaxOutputTokens, Temperature = (float?)Temperature };
        Configure?.Invoke(options);
        return options;
    }
}
