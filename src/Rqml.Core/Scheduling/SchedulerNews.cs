namespace Rqml.Scheduling;

/// <summary>What an operator hears of a scheduler and its nodes. Each is about a term or a node, never about one task: a thousand tasks of a dead node are one number.</summary>
internal enum SchedulerNews : byte
{
    /// <summary>This node leads. Number: of nodes that were registered before.</summary>
    Elected,

    /// <summary>It leads no longer. Number: of tasks that were open.</summary>
    Deposed,

    /// <summary>A node has reported to this term for the first time. Number: of attempts that it holds.</summary>
    Joined,

    /// <summary>The same, and an earlier start of it was known. Number: of attempts that it holds; detail: that start, an <see cref="Incarnation"/>.</summary>
    CameBack,

    /// <summary>A node is silent, and gets nothing new. Number: of milliseconds since it was heard.</summary>
    Suspected,

    /// <summary>A node that was silent has reported again.</summary>
    HeardAgain,

    /// <summary>A node's work goes elsewhere as soon as it is fenced. Number: of its tasks; detail: <see cref="FenceReason"/>.</summary>
    GivenUp,

    /// <summary>A node is fenced. Number: of tasks that were taken from it.</summary>
    Fenced,

    /// <summary>The last of these tasks is at a node again, or settled. Detail: <see cref="Scheduling.HandOver"/>; number: of milliseconds that it took.</summary>
    HandedOver,

    /// <summary>The store does not answer, and a node cannot be fenced. Number: of its tasks that go elsewhere all the same; detail: how many wait, an <see cref="int"/>.</summary>
    HandedOverUnfenced,

    /// <summary>A start of a node that is fenced has reported: it lives.</summary>
    TurnedAway,

    /// <summary>Tasks of a class have waited for long, as no node runs it. Number: of these tasks; detail: the class, a <c>ClassKey</c>.</summary>
    Unserved,
}

/// <summary>Why a node is fenced.</summary>
internal enum FenceReason : byte
{
    /// <summary>Nobody listens where it did.</summary>
    Gone,

    /// <summary>Nothing could be said to it for too long, whatever it says itself.</summary>
    Unreachable,

    /// <summary>Nothing was heard of it for too long.</summary>
    Silent,

    /// <summary>Another start of it has reported.</summary>
    Restarted,
}
