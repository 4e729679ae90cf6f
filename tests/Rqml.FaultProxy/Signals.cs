using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.FaultProxy;

/// <summary>Signals that <see cref="Process"/> does not send: it only kills.</summary>
internal static class Signals
{
    /// <summary>With what a process ends that kill -9 has hit, as a shell has it: 128 and the number of the signal.</summary>
    public const int CodeOfKilled = 128 + 9;

    private const int Continued = 18;
    private const int Stopped = 19;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>Holds a process still, and returns when it is.</summary>
    /// <remarks>One of its threads takes the signal, and stops the others; until that one has had a processor, which is milliseconds where those are busy, the others go on and answer.</remarks>
    public static void Stop(Process process)
    {
        Send(process, Stopped);
        var since = Stopwatch.GetTimestamp();
        while (Runs(process))
        {
            if (Stopwatch.GetElapsedTime(since) > StopLimit) throw new TimeoutException($"Process {process.Id} was told to stop {StopLimit.TotalSeconds} s ago and still runs.");
            Thread.Yield();
        }
    }

    /// <summary>Lets a process that stood still go on.</summary>
    public static void Continue(Process process) => Send(process, Continued);

    private static void Send(Process process, int signal)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("The numbers of signals are Linux's.");
        if (Kill(process.Id, signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Process {process.Id} was not sent signal {signal}.");
    }

    /// <summary>Whether one of its threads is not stopped yet. One that has ended meanwhile runs no more.</summary>
    private static bool Runs(Process process)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{process.Id}/task").Any(thread => StateOf(thread) is not ('T' or 't' or 'Z' or 'X'));
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The letter behind the name, which stands in parentheses and may hold some of its own.</summary>
    private static char StateOf(string thread)
    {
        try
        {
            var status = File.ReadAllText(Path.Combine(thread, "stat"));
            return status[status.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'X';
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
