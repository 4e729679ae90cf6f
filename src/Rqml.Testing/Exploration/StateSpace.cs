namespace Rqml.Testing.Exploration;

/// <summary>One way on from a state. A fault may happen; what is no fault has to lead to the goal in the end.</summary>
internal readonly record struct Move<TState>(string Name, TState Next, bool IsFault = false);

/// <summary>What an exploration found: how many states there are, and the shortest way to the first that is wrong, if any.</summary>
internal sealed record Exploration(int States, string? Violation, IReadOnlyList<string> Trace)
{
    /// <summary>Whether there are no more states than these.</summary>
    public bool IsExhausted { get; init; } = true;

    public override string ToString() => Violation is null ? $"holds in {(IsExhausted ? "all" : "the first")} {States:N0} states" : $"{Violation} ({States:N0} states): {string.Join(" → ", Trace)}";
}

/// <summary>
/// Visits every state that a small instance can reach, breadth first, so that the first violation has the shortest trace. Then looks for traps: states from
/// which no way without faults leads to the goal.
/// </summary>
internal static class StateSpace
{
    /// <summary>The same for an instance that is too large to be exhausted: the states that are nearest to the start, up to the limit. Traps are not looked for, as the way out may lie beyond.</summary>
    public static Exploration ExploreNearest<TState>(TState start, Func<TState, IEnumerable<Move<TState>>> moves, Func<TState, UInt128> fingerprint, Func<TState, string?> violation, int limit) =>
        Explore(start, moves, fingerprint, violation, static _ => false, limit, stopsAtLimit: true);

    /// <exception cref="InvalidOperationException">There are more states than <paramref name="limit"/>.</exception>
    public static Exploration Explore<TState>(
        TState start, Func<TState, IEnumerable<Move<TState>>> moves, Func<TState, UInt128> fingerprint, Func<TState, string?> violation, Func<TState, bool> isGoal, int limit) =>
        Explore(start, moves, fingerprint, violation, isGoal, limit, stopsAtLimit: false);

    private static Exploration Explore<TState>(
        TState start, Func<TState, IEnumerable<Move<TState>>> moves, Func<TState, UInt128> fingerprint, Func<TState, string?> violation, Func<TState, bool> isGoal, int limit, bool stopsAtLimit)
    {
        var known = new Dictionary<UInt128, int> { [fingerprint(start)] = 0 };
        var origins = new List<(int From, string Name)> { (-1, "start") };
        var sound = new List<(int From, int To)>();
        var goals = new List<int>();
        var frontier = new Queue<(int Number, TState State)>();
        frontier.Enqueue((0, start));
        if (violation(start) is { } wrong) return new Exploration(known.Count, wrong, Trace(origins, 0));
        while (frontier.TryDequeue(out var at))
        {
            if (isGoal(at.State)) goals.Add(at.Number);
            foreach (var move in moves(at.State))
            {
                // Asked of each move, not of each state: the move itself may be wrong, and lead to where one that is not has led before.
                if (violation(move.Next) is { } broken) return new Exploration(known.Count, broken, [.. Trace(origins, at.Number), move.Name]);
                var print = fingerprint(move.Next);
                if (!known.TryGetValue(print, out var number))
                {
                    number = known.Count;
                    if (number >= limit && stopsAtLimit) return new Exploration(known.Count, null, []) { IsExhausted = false };
                    if (number >= limit) throw new InvalidOperationException($"There are more than {limit:N0} states: the instance is too large to be explored.");
                    known.Add(print, number);
                    origins.Add((at.Number, move.Name));
                    frontier.Enqueue((number, move.Next));
                }

                if (!move.IsFault) sound.Add((at.Number, number));
            }
        }

        if (stopsAtLimit) return new Exploration(known.Count, null, []);
        var trap = FirstTrap(known.Count, sound, goals);
        return trap < 0 ? new Exploration(known.Count, null, []) : new Exploration(known.Count, "a state from which nothing but faults leads on", Trace(origins, trap));
    }

    /// <summary>Walks back from the goals; the first state that is not met is a trap.</summary>
    private static int FirstTrap(int count, List<(int From, int To)> sound, List<int> goals)
    {
        var into = sound.ToLookup(edge => edge.To, edge => edge.From);
        var reaches = new bool[count];
        var pending = new Stack<int>(goals);
        while (pending.TryPop(out var state))
        {
            if (reaches[state]) continue;
            reaches[state] = true;
            foreach (var before in into[state]) pending.Push(before);
        }

        return Array.IndexOf(reaches, false);
    }

    private static List<string> Trace(List<(int From, string Name)> origins, int state)
    {
        var trace = new List<string>();
        for (; state >= 0; state = origins[state].From) trace.Add(origins[state].Name);
        trace.Reverse();
        return trace;
    }
}
