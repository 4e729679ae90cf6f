namespace Rqml;

/// <summary>What a submitter may say of one task. Everything has a default.</summary>
public sealed record SubmitOptions
{
    internal static SubmitOptions Default { get; } = new();

    /// <summary>Higher goes first.</summary>
    /// <value>Default 0. From -1000 to 1000.</value>
    public int Priority { get; init; }

    /// <summary>How hard the task is expected to be; within a priority the easier goes first.</summary>
    /// <value>Default null: learnt from the class's finished tasks. From 0 to 1.</value>
    public double? Difficulty { get; init; }

    /// <summary>How long after submission the task is settled as <see cref="Outcome.DeadlineExceeded"/>, wherever it is.</summary>
    /// <value>Default null: never. Above zero, to 365 days; counted in milliseconds, the one of the submission whole.</value>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Most iterations, passes, time and cost for this task; what is null follows the class.</summary>
    public TaskBudget Budget { get; init; } = TaskBudget.OfClass;

    /// <summary>Of the unsettled tasks with the same key at most one is assigned, in the order of submission.</summary>
    /// <value>Default null: none. To 512 characters.</value>
    public string? PartitionKey { get; init; }

    /// <summary>A second submission to the same ledger with the same class and key gives the first one's task, as long as its result is kept.</summary>
    /// <value>Default null: none. To 512 characters.</value>
    public string? IdempotencyKey { get; init; }

    /// <summary>How long after submission the task may begin.</summary>
    /// <value>Default zero: at once. To 365 days.</value>
    public TimeSpan NotBefore { get; init; }

    /// <summary>How long the result is kept after it was settled, for idempotency, listing and re-attaching.</summary>
    /// <value>Default null: the host's <c>KeepResults</c>. From zero to 3650 days. Where a host has more results than its <c>MaxKeptResults</c>, those go first whose time would end first.</value>
    public TimeSpan? KeepResult { get; init; }

    /// <summary>Throws where anything is out of range, and names all that is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The message names each option that is out of its range, its value and the range.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Budget);
        List<string>? faults = null;
        Check(Priority is >= -1000 and <= 1000, nameof(Priority), Priority, "-1000 to 1000");
        Check(Difficulty is null or (>= 0 and <= 1), nameof(Difficulty), Difficulty, "0 to 1");
        Check(Deadline is null || (Deadline > TimeSpan.Zero && Deadline <= TimeSpan.FromDays(365)), nameof(Deadline), Deadline, "above zero, to 365 days");
        Check(PartitionKey is null or { Length: > 0 and <= 512 }, nameof(PartitionKey), PartitionKey?.Length, "1 to 512 characters");
        Check(IdempotencyKey is null or { Length: > 0 and <= 512 }, nameof(IdempotencyKey), IdempotencyKey?.Length, "1 to 512 characters");
        Check(NotBefore >= TimeSpan.Zero && NotBefore <= TimeSpan.FromDays(365), nameof(NotBefore), NotBefore, "zero to 365 days");
        Check(KeepResult is null || (KeepResult >= TimeSpan.Zero && KeepResult <= TimeSpan.FromDays(3650)), nameof(KeepResult), KeepResult, "zero to 3650 days");
        Check(Budget.Iterations is null or (>= 1 and <= 1_000_000), "Budget.Iterations", Budget.Iterations, "1 to 1,000,000");
        Check(Budget.Time is null || (Budget.Time > TimeSpan.Zero && Budget.Time <= TimeSpan.FromDays(365)), "Budget.Time", Budget.Time, "above zero, to 365 days");
        Check(Budget.Passes is null or (>= 1 and <= 16_000_000), "Budget.Passes", Budget.Passes, "1 to 16,000,000");
        Check(Budget.Cost is not { } cost || (cost > 0 && double.IsFinite(cost)), "Budget.Cost", Budget.Cost, "above zero and finite");
        if (faults is not null) throw new ArgumentOutOfRangeException("options", string.Join(" ", faults));

        void Check<T>(bool holds, string option, T value, string range)
        {
            if (!holds) (faults ??= []).Add(FormattableString.Invariant($"{nameof(SubmitOptions)}.{option} is {value}; it takes {range}."));
        }
    }
}

/// <summary>The most that a task may use. What is null follows the class's limits.</summary>
public sealed record TaskBudget
{
    internal static TaskBudget OfClass { get; } = new();

    /// <summary>Iterations.</summary>
    /// <value>From 1 to 1,000,000.</value>
    public int? Iterations { get; init; }

    /// <summary>Time spent on workers.</summary>
    /// <value>Above zero, to 365 days.</value>
    public TimeSpan? Time { get; init; }

    /// <summary>Model calls, failed ones and ballots included.</summary>
    /// <value>From 1 to 16,000,000.</value>
    public int? Passes { get; init; }

    /// <summary>Cost of the calls of models, scorers and validators, as they state it or else as it is declared.</summary>
    /// <value>Above zero and finite.</value>
    public double? Cost { get; init; }
}
