using Rqml.Diagnostics;

namespace Rqml.Queues;

/// <summary>Whose turn it is: deficit round robin over the classes that have something to send.</summary>
/// <remarks>
/// Shreedhar and Varghese, "Efficient fair queueing using deficit round robin", 1995, with a cost of 1 a task and the weight as quantum: O(1), and over any
/// time in which two classes both have tasks, the turns that they got differ by at most one. A class that comes, or comes back, joins at the end of the
/// round with nothing saved up.
/// </remarks>
internal sealed class Rotation
{
    /// <summary>The class whose turn it is; null when none has a task to send.</summary>
    public ClassQueue? Current { get; private set; }

    public void Enter(ClassQueue entering)
    {
        if (Current is null)
        {
            entering.Next = entering.Previous = entering;
            StartTurn(entering);
            return;
        }

        entering.Next = Current;
        entering.Previous = Current.Previous;
        Current.Previous!.Next = entering;
        Current.Previous = entering;
    }

    public void Leave(ClassQueue leaving)
    {
        var next = leaving.Next;
        leaving.Previous!.Next = next;
        next!.Previous = leaving.Previous;
        leaving.Next = leaving.Previous = null;
        leaving.Deficit = 0;
        if (leaving != Current) return;
        if (next == leaving) Current = null;
        else StartTurn(next);
    }

    /// <summary>Charges the current class for one task; after its last one the turn passes on.</summary>
    public void Charge()
    {
        var current = Current!;
        current.Deficit--;
        Invariant.Holds(current.Deficit >= 0, "a class sent more tasks than its turn allows");
        if (current.Deficit == 0) StartTurn(current.Next!);
    }

    private void StartTurn(ClassQueue next)
    {
        Current = next;
        next.Deficit += next.Weight;
    }
}
