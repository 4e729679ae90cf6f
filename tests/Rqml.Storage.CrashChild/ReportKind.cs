namespace Rqml.Storage.CrashChild;

/// <summary>What a child says of itself: one byte, then a number of eight.</summary>
internal enum ReportKind : byte
{
    /// <summary>About to open the store.</summary>
    Opening = (byte)'O',

    /// <summary>The store is open, at this commit.</summary>
    Opened = (byte)'o',

    /// <summary>This commit is about to begin.</summary>
    Started = (byte)'S',

    /// <summary>This commit has been acknowledged.</summary>
    Acknowledged = (byte)'A',

    /// <summary>About to close the store.</summary>
    Closing = (byte)'C',

    /// <summary>The store is closed.</summary>
    Closed = (byte)'c',

    /// <summary>The named point has been reached, and the child ends itself there.</summary>
    Dying = (byte)'K',

    /// <summary>The store said that it has stopped; the number counts commits that it acknowledged after that: none, one hopes.</summary>
    Failed = (byte)'F',
}
