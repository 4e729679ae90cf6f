using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Tests.Servers;
using Rqml.Testing.Exploration;

namespace Rqml.Storage.Etcd.Tests.Faults;

/// <summary>Servers that answer, and refuse.</summary>
public sealed class RefusalTests(RefusalTests.Servers servers) : IClassFixture<RefusalTests.Servers>
{
    private const int LimitMs = 60_000;
    private const string Secret = "s3cret of the node";

    [Theory(Timeout = LimitMs)]
    [InlineData("node", "a wrong one", CoordinationRefusal.Authentication)]
    [InlineData("nobody", Secret, CoordinationRefusal.Authentication)]
    [InlineData(null, null, CoordinationRefusal.Permission)]      // then the certificate's name is the user
    [InlineData("elsewhere", Secret, CoordinationRefusal.Permission)]
    public async Task Whoever_may_not_is_refused_and_nothing_is_done(string? user, string? password, CoordinationRefusal refusal)
    {
        var log = new KeptLog();
        var options = servers.Running.Options();
        (options.UserName, options.Password) = (user, password);
        await using var store = new EtcdCoordinationStore(options, logger: log);
        Func<Task>[] calls =
        [
            async () => await store.ReadAsync("/node/", CancellationToken.None),
            async () => await PutAsync(store, "/node/refused"),
            async () => await store.CommitAsync(new CoordinationTransaction([new Compare.Absent("/node/a")], []), CancellationToken.None),
            async () => await store.Watch("/node/", CancellationToken.None).GetAsyncEnumerator().MoveNextAsync(),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<CoordinationRefusedException>(call);
            Assert.Equal(refusal, error.Refusal);
            Assert.DoesNotContain(password ?? Secret, error.ToString(), StringComparison.Ordinal);
        }

        await using var node = Open();
        Assert.Null((await node.ReadAsync("/node/", CancellationToken.None)).Find("/node/refused"));
        Assert.Single(log.Lines, line => line.Contains($"refuses what it is asked for, {refusal}", StringComparison.Ordinal));      // once, not with each call
        Assert.All(log.Lines, line => Assert.DoesNotContain(password ?? Secret, line, StringComparison.Ordinal));
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_user_whose_session_ended_logs_in_again_by_itself()
    {
        await using var store = Open();
        await PutAsync(store, "/node/session");
        await using var watch = store.Watch("/node/session", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await servers.Operators.ChangePasswordAsync("node", Secret);
        var written = await PutAsync(store, "/node/session");
        while (watch.Current.Revision < written) Assert.True(await watch.MoveNextAsync());
        Assert.Equal(written, (await store.ReadAsync("/node/session", CancellationToken.None)).Find("/node/session")!.ModifiedRevision);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_password_is_of_no_harm_where_the_server_knows_no_users_yet()
    {
        await using var open = await EtcdServers.StartAsync();
        await using var store = open.Open(options => (options.UserName, options.Password) = ("node", Secret));
        await PutAsync(store, "/node/a");
        using var operators = new Operator(open);
        await operators.KnowUserAsync("node", Secret, "/node/");
        await PutAsync(store, "/node/b");      // from now on it is asked for
        Assert.Equal(2, (await store.ReadAsync("/node/", CancellationToken.None)).Entries.Count);
        await using var unknown = open.Open();
        Assert.Equal(CoordinationRefusal.Authentication, (await Assert.ThrowsAsync<CoordinationRefusedException>(() => PutAsync(unknown, "/node/c"))).Refusal);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_server_that_others_have_signed_gets_nothing()
    {
        using var others = new Certificates();
        var options = servers.Running.Options();
        options.CertificateAuthorityPath = others.Authority;
        await using var store = new EtcdCoordinationStore(options);
        var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/node/a"));
        Assert.Contains("TLS was refused", error.Cause, StringComparison.Ordinal);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_client_without_a_certificate_is_refused_by_a_server_that_asks_for_one()
    {
        var options = servers.Running.Options();
        (options.ClientCertificatePath, options.ClientKeyPath) = (null, null);
        await using var store = new EtcdCoordinationStore(options);
        await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/node/a"));
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_full_store_refuses_goes_on_being_read_and_takes_changes_again_when_there_is_room()
    {
        await using var small = await EtcdServers.StartAsync(1, null, "--quota-backend-bytes", $"{4 << 20}");
        await using var store = small.Open();
        var value = new byte[20 << 10];
        var told = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 400; i++)
            {
                var key = $"/full/{writer:d2}/{i:d3}";
                try
                {
                    told[key] = (await store.CommitAsync(new CoordinationTransaction([], [new Change.Put(key, value)]), CancellationToken.None)).Succeeded;
                }
                catch (CoordinationRefusedException refused)
                {
                    Assert.Equal(CoordinationRefusal.NoSpace, refused.Refusal);
                    told[key] = false;
                    return;
                }
            }
        })));

        var read = await store.ReadAsync("/full/", CancellationToken.None);
        Assert.Equal(16, told.Count(change => !change.Value));
        Assert.All(told.Where(change => change.Value), change => Assert.NotNull(read.Find(change.Key)));
        Reports.Write("etcd", $"etcd, full: after {told.Count(change => change.Value)} changes; of 16 that were refused {told.Count(change => !change.Value && read.Find(change.Key) is not null)} had been made all the same");
        Assert.Equal(CoordinationRefusal.NoSpace, (await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None))).Refusal);

        var deleted = 0L;
        foreach (var some in read.Entries.Chunk(CoordinationTransaction.MaxChanges)) deleted = (await store.CommitAsync(new CoordinationTransaction([], [.. some.Select(entry => new Change.Delete(entry.Key))]), CancellationToken.None)).Revision;
        using var operators = new Operator(small);
        await operators.CompactAsync(deleted);
        await operators.EndAlarmAsync();
        await PutAsync(store, "/full/again");
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_server_that_takes_less_than_we_may_send_says_so()
    {
        await using var narrow = await EtcdServers.StartAsync(1, null, "--max-request-bytes", $"{64 << 10}", "--max-txn-ops", "16");
        await using var store = narrow.Open();
        foreach (var bytes in (int[])[100 << 10, 1 << 20])
        {
            var error = await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.CommitAsync(new CoordinationTransaction([], [new Change.Put("/a", new byte[bytes])]), CancellationToken.None));
            Assert.Equal(CoordinationRefusal.TooLarge, error.Refusal);
        }

        var many = await Assert.ThrowsAsync<CoordinationRefusedException>(async () =>
            await store.CommitAsync(new CoordinationTransaction([], [.. Enumerable.Range(0, 17).Select(i => new Change.Delete($"/{i}"))]), CancellationToken.None));
        Assert.Equal(CoordinationRefusal.TooLarge, many.Refusal);
    }

    private EtcdCoordinationStore Open() => servers.Running.Open(options => (options.UserName, options.Password) = ("node", Secret));

    private static async Task<long> PutAsync(EtcdCoordinationStore store, string key)
    {
        var result = await store.CommitAsync(new CoordinationTransaction([], [new Change.Put(key, default)]), CancellationToken.None);
        Assert.True(result.Succeeded);
        return result.Revision;
    }

    /// <summary>TLS, a user "node" below /node/, and one "elsewhere".</summary>
    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync(certificates: new Certificates())), IDisposable
    {
        private Operator? _operators;

        internal Operator Operators => _operators!;

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            _operators = new Operator(Running);
            await _operators.KnowUserAsync("node", Secret, "/node/");
            await _operators.AddUserAsync("elsewhere", Secret, "/elsewhere/");
        }

        public void Dispose() => _operators?.Dispose();
    }

    private sealed class KeptLog : ILogger<EtcdCoordinationStore>
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get { lock (_lines) return [.. _lines]; }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines) _lines.Add($"{formatter(state, exception)} {exception}");
        }
    }
}
