using Rqml.Cluster;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>One open task in the ledger: the machine's own state, changed by nobody else.</summary>
internal sealed class LedgerTask(TaskSpec spec, object? watcher)
{
    public TaskSpec Spec { get; } = spec;

    /// <summary>What the shell completes and feeds; opaque to the machine.</summary>
    public object? Watcher { get; set; } = watcher;

    /// <summary>Whether somebody follows the iterations.</summary>
    public bool Watched { get; set; }

    /// <summary>Who waits to be told what has happened so far.</summary>
    public IReadOnlyList<object> Curious { get; set; } = [];

    /// <summary>The term whose leader has acknowledged the task; null before the first.</summary>
    public Term? AnnouncedIn { get; set; }

    /// <summary>When a leader was told of it last; the least number: never.</summary>
    public long AnnouncedMs { get; set; } = long.MinValue;

    public AnnouncementState Announcing { get; set; }

    /// <summary>Whether an earlier leader had it, or an earlier start of the ledger.</summary>
    public bool IsKnownBefore { get; set; }

    /// <summary>Whether the node here was given it while nobody led: whoever leads later looks there first.</summary>
    public bool IsLent { get; set; }

    /// <summary>Worker deaths, each once: (epoch, run).</summary>
    public IReadOnlyList<Strike> Strikes { get; set; } = [];

    public LedgerTask Clone() => new(Spec, Watcher)
    {
        Watched = Watched,
        AnnouncedIn = AnnouncedIn,
        AnnouncedMs = AnnouncedMs,
        Announcing = Announcing,
        IsKnownBefore = IsKnownBefore,
        IsLent = IsLent,
        Strikes = Strikes,
    };
}

/// <summary>One worker death, as the node that saw it names it; the same one is counted once.</summary>
internal readonly record struct Strike(Epoch Epoch, long Run);
