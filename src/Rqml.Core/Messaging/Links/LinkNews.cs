using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;

namespace Rqml.Messaging.Links;

/// <summary>Tells an operator what becomes of a link: each change once, however often it is tried meanwhile. Thread-safe.</summary>
internal sealed partial class LinkNews(ILogger logger)
{
    private int _told = (int)State.Unknown;

    private enum State
    {
        Unknown,
        Up,
        Down,
        Gone,
        Unreachable,
    }

    public void Up(Peer peer, Uri address)
    {
        if (Change(State.Up)) Log.Up(logger, NameOf(peer), address);
    }

    /// <summary>It has ended; where it never was up, nobody misses it.</summary>
    public void Down(Peer peer, string why)
    {
        if (Interlocked.CompareExchange(ref _told, (int)State.Down, (int)State.Up) == (int)State.Up) Log.Down(logger, NameOf(peer), why);
    }

    /// <summary>Nobody listens there.</summary>
    public void Gone(Peer peer)
    {
        if (Change(State.Gone)) Log.Gone(logger, NameOf(peer));
    }

    /// <summary>There has been no link for too long.</summary>
    public void Unreachable(Peer peer, long silentMs)
    {
        if (Change(State.Unreachable)) Log.Unreachable(logger, NameOf(peer), silentMs);
    }

    private bool Change(State to) => Interlocked.Exchange(ref _told, (int)to) != (int)to;

    /// <summary>Of whom only the address is known, that is the name.</summary>
    private static string NameOf(Peer peer) => peer.Node == default ? peer.Endpoint : peer.ToString();

    private static partial class Log
    {
        [LoggerMessage(LogIds.LinkUp, LogLevel.Information, "The link to {Peer} is up, at {Address}")]
        public static partial void Up(ILogger logger, string peer, Uri address);

        [LoggerMessage(LogIds.LinkDown, LogLevel.Information, "The link to {Peer} is down: {Why}")]
        public static partial void Down(ILogger logger, string peer, string why);

        [LoggerMessage(LogIds.PeerGone, LogLevel.Warning, "Nobody listens where {Peer} did: its process is gone")]
        public static partial void Gone(ILogger logger, string peer);

        [LoggerMessage(LogIds.PeerUnreachable, LogLevel.Warning, "There has been no link to {Peer} for {SilentMs} ms; what waits for it goes back to whoever sent it")]
        public static partial void Unreachable(ILogger logger, string peer, long silentMs);
    }
}
