using System.Diagnostics;
using Rqml.FaultProxy;

namespace Rqml.RealEtcd;

/// <summary>One member of etcd: a process that can be killed, started again on its data, and held still.</summary>
internal sealed class EtcdProcess(IReadOnlyList<string> arguments) : IAsyncDisposable
{
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

    /// <summary>As kill -9 does; false where it had ended before.</summary>
    public async Task<bool> KillAsync()
    {
        if (HasExited) return false;
        _process!.Kill();
        await _process.WaitForExitAsync();
        return true;
    }

    public void Pause() => Signals.Stop(_process!);

    public void Resume() => Signals.Continue(_process!);

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
}
