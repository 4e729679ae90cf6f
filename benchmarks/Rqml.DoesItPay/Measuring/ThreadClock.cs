using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.DoesItPay.Measuring;

/// <summary>
/// Processor time of the calling thread, where the system tells it to the nanosecond; elsewhere the time on the wall. Two readings make a duration only on
/// one thread.
/// </summary>
internal static partial class ThreadClock
{
    private const int ThreadProcessorTime = 3;   // CLOCK_THREAD_CPUTIME_ID of Linux

    private static readonly bool CountsProcessorTime = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>What the clock counts, for the report.</summary>
    public static string Describe => CountsProcessorTime ? "processor time of the thread" : "time on the wall";

    public static long Nanoseconds
    {
        get
        {
            if (!CountsProcessorTime) return (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;
            var answer = ReadClock(ThreadProcessorTime, out var time);
            if (answer != 0) throw new InvalidOperationException($"The clock refuses: error {Marshal.GetLastPInvokeError()}.");
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ReadClock(int clock, out ClockTime time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ClockTime
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
