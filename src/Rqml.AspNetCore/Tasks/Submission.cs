using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rqml.AspNetCore.Problems;
using Rqml.AspNetCore.Routes;

namespace Rqml.AspNetCore.Tasks;

/// <summary>What a submission says beside its payload, in the query and in the header <c>Idempotency-Key</c>. Ranges are the client's to hold; here it is only read.</summary>
internal static class Submission
{
    public const string IdempotencyKey = "Idempotency-Key";

    private static readonly string[] Known = ["class", "version", "priority", "difficulty", "deadline", "not_before", "keep_result", "partition_key", "iterations", "passes", "time", "cost"];

    /// <exception cref="ProblemException">Something is unknown, said twice, or no number.</exception>
    public static (string Class, int Version, SubmitOptions Options) Read(HttpRequest request)
    {
        var query = new StrictQuery(request.Query, Known);
        var options = new SubmitOptions
        {
            Priority = query.Integer("priority") ?? 0,
            Difficulty = query.Number("difficulty"),
            Deadline = query.Seconds("deadline"),
            NotBefore = query.Seconds("not_before") ?? TimeSpan.Zero,
            KeepResult = query.Seconds("keep_result"),
            PartitionKey = query.Text("partition_key"),
            IdempotencyKey = KeyOf(request),
            Budget = new TaskBudget { Iterations = query.Integer("iterations"), Passes = query.Integer("passes"), Time = query.Seconds("time"), Cost = query.Number("cost") },
        };
        return (query.Text("class") ?? throw ProblemException.Invalid("class is missing; it takes the name of a task class."), query.Integer("version") ?? 1, options);
    }

    private static string? KeyOf(HttpRequest request) => request.Headers[IdempotencyKey] switch
    {
        [] => null,
        [var key] => key,
        _ => throw ProblemException.Invalid($"{IdempotencyKey} is said more than once."),
    };
}

/// <summary>A query of which nothing is overlooked: a parameter that nobody knows is a mistake, not a wish that goes unheard.</summary>
internal readonly struct StrictQuery
{
    private readonly IQueryCollection _query;

    public StrictQuery(IQueryCollection query, ReadOnlySpan<string> known)
    {
        _query = query;
        foreach (var name in query.Keys)
        {
            if (!known.Contains(name)) throw ProblemException.Invalid($"'{Quote.Of(name)}' is no parameter of this page; it takes {string.Join(", ", known)}.");
            if (query[name].Count > 1) throw ProblemException.Invalid($"{name} is said more than once.");
        }
    }

    public string? Text(string name) => _query.TryGetValue(name, out var value) ? value.ToString() : null;

    public int? Integer(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw ProblemException.Invalid($"{name} is '{Quote.Of(text)}'; it takes an integer.");

    public double? Number(string name) => Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value
        : throw ProblemException.Invalid($"{name} is '{Quote.Of(text)}'; it takes a number.");

    public TimeSpan? Seconds(string name)
    {
        if (Number(name) is not { } seconds) return null;
        return Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : throw ProblemException.Invalid($"{name} is '{Quote.Of(Text(name)!)}'; it takes seconds.");
    }

    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        var text => throw ProblemException.Invalid($"{name} is '{Quote.Of(text)}'; it takes true or false."),
    };

    public T? Value<T>(string name) where T : struct, Enum => Text(name) is not { } text ? null
        : Names.Read<T>(text) ?? throw ProblemException.Invalid($"{name} is '{Quote.Of(text)}'; it takes one of {Names.All<T>()}.");
}
