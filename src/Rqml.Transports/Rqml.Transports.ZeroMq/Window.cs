namespace Rqml.Transports.ZeroMq;

/// <summary>
/// How much of one direction of a link may be on its way or unread. It is what keeps ZeroMQ's queues short: they never fill, and so they never drop.
/// </summary>
internal static class Window
{
    /// <summary>5 MiB: the longest block, and a <see cref="StepBytes"/> that was used up and not said yet, with room to spare.</summary>
    public const long Bytes = 5 << 20;

    /// <summary>Used up bytes that are said together: eight blocks of the fabric.</summary>
    public const long StepBytes = 512 << 10;

    /// <summary>What the shortest block counts for, so that many tiny ones are bounded too.</summary>
    public const long LeastCharge = 16 << 10;

    /// <summary>Messages that ZeroMQ keeps a direction: the most that a window holds, and as much again for what is said beside the blocks.</summary>
    public const int HighWatermark = (int)(2 * (Bytes / LeastCharge));

    public static long ChargeOf(long blockBytes) => Math.Max(blockBytes, LeastCharge);
}

/// <summary>The sender's side. Invariant: <c>_usedUp &lt;= _sent &lt;= _usedUp + Window.Bytes</c>.</summary>
internal struct SendWindow
{
    private long _sent;
    private long _usedUp;

    public bool TryTake(long charge)
    {
        if (_sent + charge - _usedUp > Window.Bytes) return false;
        _sent += charge;
        return true;
    }

    /// <summary>False: the other end has used up what was never sent, or takes something back.</summary>
    public bool TryReturn(long usedUp)
    {
        if (usedUp < _usedUp || usedUp > _sent) return false;
        _usedUp = usedUp;
        return true;
    }
}

/// <summary>The receiver's side. Invariant: <c>_said &lt;= _usedUp &lt;= _received &lt;= _said + Window.Bytes</c>.</summary>
internal struct ReceiveWindow
{
    private long _received;
    private long _usedUp;
    private long _said;

    /// <summary>False: the other end sends more than it may.</summary>
    public bool TryReceive(long charge)
    {
        if (_received + charge - _said > Window.Bytes) return false;
        _received += charge;
        return true;
    }

    /// <summary>True: it is time to say how much was used up.</summary>
    public bool UseUp(long charge, out long usedUp)
    {
        _usedUp += charge;
        usedUp = _usedUp;
        if (_usedUp - _said < Window.StepBytes) return false;
        _said = _usedUp;
        return true;
    }
}
