using System.Diagnostics;

namespace Rqml.Diagnostics;

/// <summary>
/// Where a task's trace began: what all spans of the task, on whatever node and after whatever restart, have for their parent. It goes with the task, as a message's own
/// context ends with the message: owners run on a loop, and know of no caller.
/// </summary>
internal sealed record TaskTrace
{
    public const int MostStateLength = 512;

    private TaskTrace(ActivityContext parent) => Parent = parent;

    public ActivityContext Parent { get; }

    /// <summary>What vendors have written beside the ids goes on with them; where it is longer than W3C asks everybody to carry, it is left out, and the trace goes on without it.</summary>
    public static TaskTrace Of(in ActivityContext context)
    {
        var state = context.TraceState is { Length: > 0 and <= MostStateLength } carried ? carried : null;
        return new(new ActivityContext(context.TraceId, context.SpanId, context.TraceFlags, state, isRemote: true));
    }

    /// <summary>Null where there is nothing to go on with: nobody traces.</summary>
    public static TaskTrace? Of(Activity? span, Activity? ambient)
    {
        if (span is not null) return Of(span.Context);
        return ambient is { Recorded: true, IdFormat: ActivityIdFormat.W3C } ? Of(ambient.Context) : null;
    }
}
