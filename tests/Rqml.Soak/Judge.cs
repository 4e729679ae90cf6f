using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.Soak;

/// <summary>
/// Says from the application's own logs whether a task was lost or settled twice. It keeps 56 bytes a task and reads each log once; the tasks' log of a life
/// goes before its calls.
/// </summary>
/// <remarks>
/// Settled twice is: two completions that say different things, a cancel that was answered with yes and a completion that is another, one submission that
/// became two tasks, and a task whose models are still called when its settlement has been known, in this life of the process, for longer than
/// <paramref name="grace"/>. That a call begins before is no fault: whoever cancels a task does not wait for its worker to hear of it, and a node that comes
/// back goes on with what lies on its disk until somebody says that it is settled. Such calls are counted.
/// </remarks>
internal sealed class Judge(TimeSpan grace)
{
    private const int MostNamed = 20;
    private readonly List<Account> _accounts = [];
    private readonly List<string> _faults = [];
    private long _openedAt;

    private enum Known : byte
    {
        Nothing,
        Intended,
        Acknowledged,
        Heard,
    }

    public long Submitted => _accounts.Count;

    public long Heard { get; private set; }

    public long HeardAgain { get; private set; }

    public long Calls { get; private set; }

    public long Lost { get; private set; }

    public long SettledTwice { get; private set; }

    public long Wrong { get; private set; }

    /// <summary>Calls that began when the settlement of their task was known, and those of them that came back with a restart.</summary>
    public long CallsAfter { get; private set; }

    public long CallsAfterRestart { get; private set; }

    /// <summary>The longest time that such a call began after the settlement, or after the start of its life.</summary>
    public TimeSpan LongestAfter { get; private set; }

    public long[] Outcomes { get; } = new long[Enum.GetValues<Outcome>().Length];

    /// <summary>The first faults, in words.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>What a new life takes over: tasks nobody has heard of, and some of which everything is known, to be asked for again.</summary>
    public IEnumerable<Entry> Inheritance(int heardAgain)
    {
        for (var at = 0; at < _accounts.Count; at++)
        {
            var account = _accounts[at];
            if (account.Known == Known.Intended) yield return new Entry(EntryKind.Intended, at + 1, default, 0);
            if (account.Known == Known.Acknowledged) yield return new Entry(EntryKind.Acknowledged, at + 1, account.Task, 0);
        }

        for (var at = _accounts.Count - 1; at >= 0 && heardAgain > 0; at--)
        {
            if (_accounts[at].Known != Known.Heard) continue;
            heardAgain--;
            yield return new Entry(EntryKind.Heard, at + 1, _accounts[at].Task, 0);
        }
    }

    /// <summary>What comes next is of a life that was open from then on.</summary>
    public void BeginLife(long openedAt) => _openedAt = openedAt;

    public void Take(in Entry entry)
    {
        ref var account = ref AccountOf(entry.Number);
        if (entry.Kind != EntryKind.Called && entry.Task != default && !IsOf(ref account, entry)) return;
        switch (entry.Kind)
        {
            case EntryKind.Intended:
                account.Known = Larger(account.Known, Known.Intended);
                break;
            case EntryKind.Acknowledged:
                account.Known = Larger(account.Known, Known.Acknowledged);
                break;
            case EntryKind.Heard or EntryKind.HeardAgain:
                TakeCompletion(ref account, entry);
                break;
            case EntryKind.Cancelled:
                if (account.Known == Known.Heard && account.Outcome != Outcome.Cancelled) Twice(entry, $"is {account.Outcome} and was cancelled with a yes");
                account.IsCancelled = true;
                break;
            case EntryKind.Unknown:
                Lost++;
                Fault(entry, "was acknowledged and is unknown");
                break;
            case EntryKind.Wrong:
                Wrong++;
                Fault(entry, "has an artifact that is not its own");
                break;
            case EntryKind.Called:
                TakeCall(account, entry);
                break;
        }
    }

    /// <summary>Nothing will be heard any more: what was acknowledged and not heard of is lost.</summary>
    public void Close()
    {
        for (var at = 0; at < _accounts.Count; at++)
        {
            if (_accounts[at].Known is not (Known.Intended or Known.Acknowledged)) continue;
            Lost++;
            Fault(new Entry(EntryKind.Unknown, at + 1, _accounts[at].Task, 0), "was submitted and never heard of");
        }
    }

    private void TakeCompletion(ref Account account, in Entry entry)
    {
        if (account.Known == Known.Heard)
        {
            HeardAgain++;
            if (account.Detail != entry.Detail) Twice(entry, $"was heard of as {account.Outcome} and, with other words, as {entry.Outcome}");
            return;
        }

        if (account.IsCancelled && entry.Outcome != Outcome.Cancelled) Twice(entry, $"was cancelled with a yes and is {entry.Outcome}");
        Heard++;
        Outcomes[(int)entry.Outcome]++;
        (account.Known, account.Outcome, account.Detail, account.SettledAt) = (Known.Heard, entry.Outcome, entry.Detail, entry.At);
    }

    private void TakeCall(in Account account, in Entry entry)
    {
        Calls++;
        if (account.Task != entry.Task)
        {
            TakeCallOfOther(account, entry);
            return;
        }

        if (account.Known != Known.Heard || entry.At <= account.SettledAt) return;
        CallsAfter++;
        if (account.SettledAt < _openedAt) CallsAfterRestart++;
        var after = AfterStart(account.SettledAt, entry);
        if (after > grace) Twice(entry, FormattableString.Invariant($"is {account.Outcome} and was worked on {after.TotalSeconds:0.0} s later, at iteration {entry.Iteration}"));
    }

    /// <summary>
    /// A ledger announces a submission before it is durable. If the process dies in between, nobody was promised anything: the task was begun and is not there, and
    /// who submits it again gets another. What is left of the first has to end as a settled task does.
    /// </summary>
    private void TakeCallOfOther(in Account account, in Entry entry)
    {
        if (account.Task == default || entry.At <= account.AcknowledgedAt) return;
        CallsAfter++;
        CallsAfterRestart++;
        var after = AfterStart(account.AcknowledgedAt, entry);
        if (after > grace) Twice(entry, FormattableString.Invariant($"is task {account.Task}, and task {entry.Task} was worked on {after.TotalSeconds:0.0} s later"));
    }

    private TimeSpan AfterStart(long at, in Entry entry)
    {
        var after = Stopwatch.GetElapsedTime(Math.Max(at, _openedAt), entry.At);
        if (after > LongestAfter) LongestAfter = after;
        return after;
    }

    /// <summary>One number is one task, whoever says so first.</summary>
    private bool IsOf(ref Account account, in Entry entry)
    {
        if (account.Task == default) (account.Task, account.AcknowledgedAt) = (entry.Task, entry.At);
        if (account.Task == entry.Task) return true;
        Twice(entry, $"is task {account.Task} and task {entry.Task}");
        return false;
    }

    private ref Account AccountOf(long number)
    {
        while (_accounts.Count < number) _accounts.Add(default);
        return ref CollectionsMarshal.AsSpan(_accounts)[(int)(number - 1)];
    }

    private static Known Larger(Known one, Known other) => one > other ? one : other;

    private void Twice(in Entry entry, string what)
    {
        SettledTwice++;
        Fault(entry, what);
    }

    private void Fault(in Entry entry, string what)
    {
        if (_faults.Count < MostNamed) _faults.Add($"number {entry.Number}, task {entry.Task}: {what}");
    }

    private struct Account
    {
        public TaskId Task;
        public ulong Detail;
        public long AcknowledgedAt;
        public long SettledAt;
        public Outcome Outcome;
        public Known Known;
        public bool IsCancelled;
    }
}
