using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.FaultProxy;

/// <summary>What a process may be sent, by Linux's numbers.</summary>
internal enum Signal
{
    Continue = 18,
    Stop = 19,
}

/// <summary>Signals that <see cref="Process"/> does not send: it only kills.</summary>
internal static class Signals
{
    /// <summary>With what a process ends that kill -9 has hit, as a shell has it: 128 and the number of the signal.</summary>
    public const int CodeOfKilled = 128 + 9;

    public static void Send(Process process, Signal signal)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("The numbers of signals are Linux's.");
        if (Kill(process.Id, (int)signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Process {process.Id} was not sent {signal}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
