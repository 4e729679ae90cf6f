namespace Rqml.Core.Tests.Scheduling;

/// <summary>What a restored store has forgotten when an exploration begins.</summary>
public enum Forgotten
{
    Nothing,

    /// <summary>That the second process leads, to which the nodes have reported since.</summary>
    Election,

    /// <summary>The fence of the node that has the first task.</summary>
    Fence,
}
