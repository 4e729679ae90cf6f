using System.Globalization;
using Rqml.Cluster;
using Rqml.FaultProxy;
using Rqml.Storage.Etcd;

namespace Rqml.RealEtcd;

/// <summary>A real etcd of one or several members, on free ports of this machine, with its data in a folder of its own.</summary>
internal sealed class EtcdServers : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder;
    private readonly List<EtcdProcess> _members = [];
    private readonly List<int> _ports = [];

    private EtcdServers(Certificates? certificates, string? parent) => (Certificates, _folder) = (certificates, new TemporaryFolder(parent));

    public Certificates? Certificates { get; }

    public IReadOnlyList<EtcdProcess> Members => _members;

    public IReadOnlyList<int> Ports => _ports;

    /// <summary>All members' addresses, as options take them.</summary>
    public string Endpoints => string.Join(',', _ports.Select(Address));

    /// <summary>Starts them, and returns when they answer.</summary>
    /// <param name="members">How many.</param>
    /// <param name="certificates">With them: TLS, and only for clients that show a certificate.</param>
    /// <param name="more">Further arguments.</param>
    public static Task<EtcdServers> StartAsync(int members = 1, Certificates? certificates = null, params string[] more) => StartAsync(members, certificates, null, more);

    /// <summary>Starts one member with its data in a folder below this one, on a disk or not.</summary>
    public static Task<EtcdServers> StartBelowAsync(string folder) => StartAsync(1, null, folder, []);

    private static async Task<EtcdServers> StartAsync(int members, Certificates? certificates, string? parent, string[] more)
    {
        for (var tries = 3; ; tries--)
        {
            var servers = new EtcdServers(certificates, parent);
            servers.Prepare(members, more);
            foreach (var member in servers._members) member.Start();
            try
            {
                await servers.AnswersAsync();
                return servers;
            }
            catch (InvalidOperationException) when (tries > 1)
            {
                await servers.DisposeAsync();      // somebody else has taken a port meanwhile
            }
        }
    }

    public string Address(int port) => $"{(Certificates is null ? "http" : "https")}://127.0.0.1:{port}";

    /// <summary>A store on all members, with short times.</summary>
    public EtcdCoordinationStore Open(Action<EtcdOptions>? configure = null)
    {
        var options = Options();
        configure?.Invoke(options);
        return new EtcdCoordinationStore(options);
    }

    public EtcdOptions Options() => new()
    {
        Endpoints = Endpoints,
        CertificateAuthorityPath = Certificates?.Authority,
        ClientCertificatePath = Certificates?.Client,
        ClientKeyPath = Certificates?.ClientKey,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        RequestTimeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>What its members have written by agreement so far: transactions, leases begun and ended. Renewals and reads are none.</summary>
    public async Task<long> WritesAsync()
    {
        const string Name = "etcd_server_proposals_committed_total ";
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri($"{Address(_ports[0])}/metrics"));
        var line = page.Split('\n').First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return (long)double.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until all members that run have agreed on something.</summary>
    public async Task AnswersAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        foreach (var port in _ports.Where((_, i) => !_members[i].HasExited))
        {
            await using var store = Open(options => options.Endpoints = Address(port));
            while (true)
            {
                try
                {
                    await store.ReadAsync("nothing here", limit.Token);
                    break;
                }
                catch (CoordinationRefusedException refused) when (refused.Refusal == CoordinationRefusal.Authentication)
                {
                    break;      // it answers, and knows users
                }
                catch (CoordinationUnavailableException)
                {
                    if (_members.Find(member => member.HasExited) is { } gone) throw new InvalidOperationException($"etcd has ended:\n{gone.Said}");
                    await Task.Delay(50, limit.Token);
                }
            }
        }
    }

    /// <summary>Copies what the only member has on disk, while it is down for a moment.</summary>
    public async Task BackUpAsync()
    {
        await _members[0].KillAsync();
        Copy(_folder["member0"], _folder["backup"]);
        await StartAgainAsync();
    }

    /// <summary>Puts that copy in the place of what the member has by now.</summary>
    public async Task RestoreAsync()
    {
        await _members[0].KillAsync();
        Directory.Delete(_folder["member0"], recursive: true);
        Copy(_folder["backup"], _folder["member0"]);
        await StartAgainAsync();
    }

    private async Task StartAgainAsync()
    {
        _members[0].Start();
        await AnswersAsync();
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members) await member.DisposeAsync();
        _folder.Dispose();
    }

    private void Prepare(int members, string[] more)
    {
        var peers = Enumerable.Range(0, members).Select(_ => FreePort.Next()).ToArray();
        for (var i = 0; i < members; i++)
        {
            _ports.Add(FreePort.Next());
            List<string> arguments =
            [
                "--name", $"member{i}", "--data-dir", _folder[$"member{i}"],
                "--listen-client-urls", Address(_ports[i]), "--advertise-client-urls", Address(_ports[i]),
                "--listen-peer-urls", $"http://127.0.0.1:{peers[i]}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peers[i]}",
                "--initial-cluster", string.Join(',', peers.Select((port, peer) => $"member{peer}=http://127.0.0.1:{port}")),
                "--logger", "zap", "--log-level", "error",
            ];
            if (Certificates is not null) arguments.AddRange(["--cert-file", Certificates.Server, "--key-file", Certificates.ServerKey, "--trusted-ca-file", Certificates.Authority, "--client-cert-auth"]);
            _members.Add(new EtcdProcess([.. arguments, .. more]));
        }
    }
}
