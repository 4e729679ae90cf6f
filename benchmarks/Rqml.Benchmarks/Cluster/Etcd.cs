using System.Diagnostics;
using System.Globalization;
using Rqml.Cluster;
using Rqml.Storage.Etcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>A real etcd of one member, with its data in a folder of its own, and what it says of its work.</summary>
internal sealed class Etcd : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-bench-etcd-").FullName;
    private readonly HttpClient _http = new();
    private readonly Process _process;

    private Etcd()
    {
        var peer = FormattableString.Invariant($"http://127.0.0.1:{FreePort.Next()}");
        _process = Process.Start(new ProcessStartInfo("etcd",
        [
            "--name", "only", "--data-dir", _folder, "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"only={peer}", "--logger", "zap", "--log-level", "error",
        ])) ?? throw new InvalidOperationException("etcd did not start.");
    }

    public string Endpoint { get; } = FormattableString.Invariant($"http://127.0.0.1:{FreePort.Next()}");

    public static async Task<Etcd> StartAsync()
    {
        var etcd = new Etcd();
        await using var store = new EtcdCoordinationStore(new EtcdOptions { Endpoints = etcd.Endpoint });
        using var limit = new CancellationTokenSource(AnswersWithin);
        while (true)
        {
            try
            {
                await store.ReadAsync("nothing", limit.Token);
                return etcd;
            }
            catch (CoordinationUnavailableException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    /// <summary>What it has written by agreement so far: transactions, leases begun and ended. Renewals and reads are none.</summary>
    public async Task<long> WritesAsync()
    {
        const string Name = "etcd_server_proposals_committed_total ";
        var page = await _http.GetStringAsync(new Uri($"{Endpoint}/metrics"));
        var line = page.Split('\n').First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return (long)double.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
