using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.Storage.Etcd.Tests.Servers;

/// <summary>One member of etcd: a process that can be killed, started again on its data, and held still.</summary>
internal sealed class EtcdProcess(IReadOnlyList<string> arguments) : IAsyncDisposable
{
    private const int Stop = 19;      // SIGSTOP and SIGCONT, on Linux
    private const int Continue = 18;
    private const int KeptLines = 40;

    private readonly Queue<string> _said = new();
    private Process? _process;

    public bool HasExited => _process is not { HasExited: false };

    /// <summary>The last that it wrote.</summary>
    public string Said
    {
        get { lock (_said) return string.Join('\n', _said); }
    }

    public void Start()
    {
        _process?.Dispose();
        var start = new ProcessStartInfo("etcd") { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["ETCD_UNSUPPORTED_ARCH"] = "arm64" } };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _process = process;
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync()
    {
        if (HasExited) return;
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public void Pause() => Assert.Equal(0, Signal(_process!.Id, Stop));

    public void Resume() => Assert.Equal(0, Signal(_process!.Id, Continue));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_said)
        {
            _said.Enqueue(line);
            while (_said.Count > KeptLines) _said.Dequeue();
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
