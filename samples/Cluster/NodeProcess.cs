using System.Diagnostics;
using System.Text.Json;

namespace Cluster;

/// <summary>A node from outside: a process that may be killed and started again. It keeps its name and its data, as one under systemd would.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int Lanes = 16;      // two nodes take what four had: whoever waits then does not wait for a lane

    private readonly string _etcd;
    private readonly string _data;
    private Process _process;

    public NodeProcess(string name, string etcd, string folder)
    {
        (Name, _etcd, _data) = (name, etcd, Directory.CreateDirectory(Path.Combine(folder, name)).FullName);
        _process = Start();
    }

    public string Name { get; }

    /// <summary>Where its pages are, once it is <see cref="ReadyAsync"/>.</summary>
    public string Url { get; private set; } = "";

    public bool IsAlive => !_process.HasExited;

    public IEnumerable<Call> Calls => CallLog.Read(Name, Node.CallsOf(_data));

    /// <summary>Waits until it listens and a scheduler has welcomed it.</summary>
    public async Task ReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        Url = await _process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException($"{Name} ended before it listened.");
        while (true)
        {
            using var answer = await http.GetAsync(new Uri($"{Url}/health/ready"), cancellationToken);
            if (answer.IsSuccessStatusCode) return;
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Whether its scheduler is the one that is elected.</summary>
    public async Task<bool> LeadsAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri($"{Url}/queue_stats"), cancellationToken));
        return stats.RootElement.GetProperty("scheduler").GetProperty("is_active").GetBoolean();
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    public void Restart()
    {
        _process.Dispose();
        _process = Start();
    }

    /// <summary>Tells it to stop, and waits until it has.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private Process Start() => Process.Start(new ProcessStartInfo("dotnet",
    [
        typeof(Node).Assembly.Location, Node.Word, "--urls", "http://127.0.0.1:0", "--Etcd", _etcd, "--Data", _data, "--Rqml:Cluster", Sample.Name, "--Rqml:NodeName", Name, "--Rqml:Lanes", $"{Lanes}",
        "--Logging:LogLevel:Default", "Error", "--Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks", "None", "--Logging:Console:LogToStandardErrorThreshold", "Trace",
    ])
    { RedirectStandardInput = true, RedirectStandardOutput = true })!;
}
