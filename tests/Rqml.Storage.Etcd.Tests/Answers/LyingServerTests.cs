using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;

namespace Rqml.Storage.Etcd.Tests.Answers;

/// <summary>Whatever a server says, the caller gets a typed error or a truth: never another exception, never a wrong result.</summary>
public sealed class LyingServerTests
{
    private const int LimitMs = 60_000;
    private static readonly ResponseHeader Header = new() { ClusterId = 1, Revision = 10 };

    private static readonly Dictionary<string, Func<FakeCall, Task>> Lies = new()
    {
        ["nothing"] = _ => Task.CompletedTask,
        ["no message"] = call => EndAsync(call),
        ["bytes that are no message"] = call => call.SayAsync([0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 5),
        ["half a message"] = call => call.SayAsync([0x0A, 0x02], 100),
        ["a length of two gigabytes"] = call => call.SayAsync([], int.MaxValue),
        ["a negative length"] = call => call.SayAsync([], -1),
        ["an unknown compression"] = call => call.SayAsync([], 0, flag: 1),
        ["two answers"] = async call =>
        {
            await SayAsync(call, new RangeResponse { Header = Header });
            await SayAsync(call, new RangeResponse { Header = Header });
        },
        ["a page of the web"] = async call =>
        {
            call.Context.Response.ContentType = "text/html";
            await call.Context.Response.WriteAsync("<html>");
        },
        ["status 500"] = call =>
        {
            call.Context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        },
        ["a redirection"] = call =>
        {
            call.Context.Response.Redirect("http://127.0.0.1:1/");
            return Task.CompletedTask;
        },
        ["a status that does not exist"] = call => EndAsync(call, 4711, "what\n\0ever" + new string('!', 5_000)),
        ["an unknown method"] = call => EndAsync(call, 12, "unknown service etcdserverpb.KV"),
        ["the end of the connection"] = call =>
        {
            call.Context.Abort();
            return Task.CompletedTask;
        },
        ["compacted, though nothing of before was asked for"] = call => EndAsync(call, 11, "etcdserver: mvcc: required revision has been compacted"),
        ["a lease that is gone, though none was named"] = call => EndAsync(call, 5, call.Method == "LeaseKeepAlive" ? "etcdserver: no such thing" : "etcdserver: requested lease not found"),
        ["no header"] = call => SayAsync(call, new RangeResponse()),
        ["no cluster"] = call => SayAsync(call, new RangeResponse { Header = new ResponseHeader { Revision = 10 } }),
        ["no revision"] = call => SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = 1 } }),
        ["a negative revision"] = call => SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = 1, Revision = -10 } }),
    };

    private static readonly Dictionary<string, RangeResponse> Pages = new()
    {
        ["a key outside"] = Page(Pair("/b")),
        ["no key"] = Page(new KeyValue { CreateRevision = 1, ModRevision = 1 }),
        ["keys out of order"] = Page(Pair("/a/2"), Pair("/a/1")),
        ["a key twice"] = Page(Pair("/a/1"), Pair("/a/1")),
        ["written before it was created"] = Page(Pair("/a/1", created: 5, modified: 4)),
        ["written after the read"] = Page(Pair("/a/1", modified: 11)),
        ["never created"] = Page(Pair("/a/1", created: 0)),
        ["negative revisions"] = Page(Pair("/a/1", created: -5, modified: -4)),
        ["more, without any"] = new RangeResponse { Header = Header, More = true },
        ["more than was asked for"] = Page([.. Enumerable.Range(0, 1_001).Select(i => Pair($"/a/{i:d4}"))]),
        ["the same page for ever"] = new RangeResponse { Header = Header, More = true, Kvs = { Pair("/a/1") } },
    };

    private static readonly Dictionary<string, TxnResponse> Results = new()
    {
        ["success without results"] = new TxnResponse { Header = Header, Succeeded = true },
        ["success with half of the results"] = Txn(true, new ResponseOp { ResponsePut = new PutResponse() }),
        ["success with other results"] = Txn(true, new ResponseOp { ResponseRange = new RangeResponse() }, new ResponseOp { ResponsePut = new PutResponse() }),
        ["success with empty results"] = Txn(true, new ResponseOp(), new ResponseOp()),
        ["failure with results"] = Txn(false, new ResponseOp { ResponsePut = new PutResponse() }),
        ["no header"] = new TxnResponse { Succeeded = false },
    };

    public static TheoryData<string> LieNames => [.. Lies.Keys];

    public static TheoryData<string> PageNames => [.. Pages.Keys];

    public static TheoryData<string> ResultNames => [.. Results.Keys];

    [Theory(Timeout = LimitMs)]
    [MemberData(nameof(LieNames))]
    public async Task No_call_believes(string lie)
    {
        await using var server = await FakeEtcd.StartAsync(Lies[lie]);
        await using var store = server.Open();
        foreach (var call in Calls(store))
        {
            var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(call);
            Assert.InRange(error.Cause.Length, 10, 800);
            Assert.DoesNotContain(error.Cause, char.IsControl);
        }
    }

    [Theory(Timeout = LimitMs)]
    [MemberData(nameof(PageNames))]
    public async Task No_read_believes_a_page_that_cannot_be(string page)
    {
        await using var server = await FakeEtcd.StartAsync(call => SayAsync(call, Pages[page]));
        await using var store = server.Open();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
    }

    [Theory(Timeout = LimitMs)]
    [MemberData(nameof(ResultNames))]
    public async Task No_commit_believes_a_result_that_cannot_be(string result)
    {
        var asked = 0;
        await using var server = await FakeEtcd.StartAsync(call =>
        {
            Interlocked.Increment(ref asked);
            return SayAsync(call, Results[result]);
        });
        await using var store = server.Open();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.CommitAsync(Two, CancellationToken.None));
        Assert.Equal(1, asked);
    }

    [Theory(Timeout = LimitMs)]
    [InlineData(0, 5)]
    [InlineData(7, 4)]
    [InlineData(7, -1)]
    public async Task No_grant_of_less_than_was_asked_for_is_believed(long lease, long seconds)
    {
        await using var server = await FakeEtcd.StartAsync(call => SayAsync(call, new LeaseGrantResponse { Header = Header, Id = lease, TtlSeconds = seconds }));
        await using var store = server.Open();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None));
    }

    [Fact(Timeout = LimitMs)]
    public async Task No_renewal_of_another_lease_is_believed()
    {
        await using var server = await FakeEtcd.StartAsync(call => SayAsync(call, new LeaseKeepAliveResponse { Header = Header, Id = 8, TtlSeconds = 5 }));
        await using var store = server.Open();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.RenewLeaseAsync(new LeaseId(7), CancellationToken.None));
    }

    /// <summary>What a server says may be a line of HTTP's own, as that of a web server that is no etcd.</summary>
    [Theory(Timeout = LimitMs)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("")]
    public async Task Whoever_does_not_speak_the_protocol_is_no_etcd(string greeting)
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var done = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                using var client = await listener.AcceptTcpClientAsync(done.Token);
                await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(greeting), done.Token);
            }
        });
        await using (var store = new EtcdCoordinationStore(new EtcdOptions { Endpoints = $"http://{listener.LocalEndpoint}", RequestTimeout = TimeSpan.FromSeconds(2) }))
        {
            foreach (var call in Calls(store)) await Assert.ThrowsAsync<CoordinationUnavailableException>(call);
        }

        await done.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);      // it is told while it waits for somebody, or answers, or between the two
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_change_is_sent_once_whatever_the_server_says_and_a_read_again()
    {
        var (changes, reads) = (0, 0);
        await using var server = await FakeEtcd.StartAsync(call =>
        {
            if (call.Method == "Txn") changes++;
            else reads++;
            call.End(14, "etcdserver: leader changed");
            return Task.CompletedTask;
        });
        await using var store = server.Open(options => options.Endpoints += $",{options.Endpoints.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}");
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.CommitAsync(Two, CancellationToken.None));
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
        Assert.Equal((1, 2), (changes, reads));
    }

    [Fact(Timeout = LimitMs)]
    public async Task Two_clusters_in_one_list_are_refused()
    {
        await using var one = await FakeEtcd.StartAsync(call => call.Method == "Range" ? SayAsync(call, new RangeResponse { Header = Header }) : EndAsync(call, 14, "gone"));
        await using var other = await FakeEtcd.StartAsync(call => SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = 2, Revision = 10 } }));
        await using var store = one.Open(options => options.Endpoints = $"{one.Address},{other.Address}");
        await store.ReadAsync("/a/", CancellationToken.None);
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None));      // moves on
        var error = await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
        Assert.Equal(CoordinationRefusal.OtherCluster, error.Refusal);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_restored_cluster_is_taken_once_every_endpoint_has_answered_for_it()
    {
        var cluster = 1UL;
        Func<FakeCall, Task> answer = call => call.Method == "Range" ? SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = cluster, Revision = 10 } }) : EndAsync(call, 14, "gone");
        await using var one = await FakeEtcd.StartAsync(answer);
        await using var other = await FakeEtcd.StartAsync(answer);
        await using var store = one.Open(options => options.Endpoints = $"{one.Address},{other.Address}");
        for (var i = 0; i < 2; i++)
        {
            await store.ReadAsync("/a/", CancellationToken.None);
            await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None));      // moves on
        }

        cluster = 2;
        await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
        await store.ReadAsync("/a/", CancellationToken.None);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_member_that_is_gone_does_not_keep_most_of_a_restored_cluster_out()
    {
        var (cluster, isGone) = (1UL, false);
        Task AnswerAsync(FakeCall call) => call.Method == "Range" ? SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = cluster, Revision = 10 } }) : EndAsync(call, 14, "gone");
        await using var one = await FakeEtcd.StartAsync(AnswerAsync);
        await using var two = await FakeEtcd.StartAsync(AnswerAsync);
        await using var old = await FakeEtcd.StartAsync(call => isGone ? EndAsync(call, 14, "gone") : SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = 1, Revision = 10 } }));
        await using var store = old.Open(options => options.Endpoints = $"{old.Address},{one.Address},{two.Address}");
        await store.ReadAsync("/a/", CancellationToken.None);
        (cluster, isGone) = (2, true);

        // As long as one alone has answered for it, it may be a stranger in the list.
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None));      // moves on
        await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
        await store.ReadAsync("/a/", CancellationToken.None);

        // The old one is back: nobody knows any more which of the two it is.
        isGone = false;
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None));
        var error = await Assert.ThrowsAsync<CoordinationRefusedException>(async () => await store.ReadAsync("/a/", CancellationToken.None));
        Assert.Equal(CoordinationRefusal.OtherCluster, error.Refusal);
    }

    [Fact(Timeout = LimitMs)]
    public async Task Pages_that_history_was_compacted_under_are_read_again_from_the_first()
    {
        var calls = 0;
        await using var server = await FakeEtcd.StartAsync(async call =>
        {
            var asked = await call.AskedAsync(RangeRequest.Parser);
            if (asked.Revision == 0) await SayAsync(call, new RangeResponse { Header = Header, More = true, Kvs = { Pair("/a/1") } });
            else if (calls++ == 0) call.End(11, "etcdserver: mvcc: required revision has been compacted");
            else await SayAsync(call, Page(Pair("/a/2")));
        });
        await using var store = server.Open();
        Assert.Equal(["/a/1", "/a/2"], (await store.ReadAsync("/a/", CancellationToken.None)).Entries.Select(entry => entry.Key));
    }

    [Fact(Timeout = LimitMs)]
    public async Task Pages_without_end_end_at_a_bound()
    {
        var pages = 0;
        await using var server = await FakeEtcd.StartAsync(call => SayAsync(call, new RangeResponse
        {
            Header = Header,
            More = true,
            Kvs = { new KeyValue { Key = ByteString.CopyFromUtf8($"/a/{pages++:d9}"), CreateRevision = 1, ModRevision = 1, Value = ByteString.CopyFrom(new byte[100 << 10]) } },
        }));
        var options = new EtcdOptions { Endpoints = server.Address };
        using var credentials = Credentials.Read(options);
        var client = new EtcdClient("etcd", new EndpointSet(options, credentials, TimeProvider.System, NullLogger.Instance), TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
        var reader = new PrefixReader(client, NullLogger.Instance, maxBytes: 1 << 20);
        var error = await Assert.ThrowsAsync<CoordinationRefusedException>(() => reader.ReadAsync(KeyRange.OfPrefix("/a/"), CancellationToken.None));
        Assert.Equal((CoordinationRefusal.TooLarge, 11), (error.Refusal, pages));
    }

    private static readonly Dictionary<string, WatchResponse[]> Streams = new()
    {
        ["compacted"] = [Created, new WatchResponse { Header = Header, Canceled = true, CompactRevision = 20 }],
        ["compacted at once"] = [new WatchResponse { Header = Header, Created = true, Canceled = true, CompactRevision = 20 }],
        ["cancelled"] = [Created, new WatchResponse { Header = Header, Canceled = true, CancelReason = "whatever" }],
        ["ended"] = [Created],
        ["ended at once"] = [],
        ["changes before it stands"] = [Changed(11)],
        ["a change of the past"] = [Created, Changed(10)],
        ["a change of before the change before"] = [Created, new WatchResponse { Header = Header, Events = { Changed(12).Events[0], Changed(11).Events[0] } }],
        ["a change of nothing"] = [Created, new WatchResponse { Header = Header, Events = { new Event() } }],
        ["a change elsewhere"] = [Created, new WatchResponse { Header = Header, Events = { new Event { Kv = Pair("/b", modified: 11) } } }],
        ["a change that cannot be"] = [Created, new WatchResponse { Header = Header, Events = { new Event { Kv = Pair("/a/1", created: 12, modified: 11) } } }],
        ["no header"] = [Created, new WatchResponse { Events = { Changed(11).Events } }],
    };

    public static TheoryData<string> StreamNames => [.. Streams.Keys];

    private static WatchResponse Created => new() { Header = Header, Created = true };

    /// <summary>Whatever the first stream says, the prefix is read again after it, and what the second says is shown.</summary>
    [Theory(Timeout = LimitMs)]
    [MemberData(nameof(StreamNames))]
    public async Task A_watch_begins_anew_after_a_stream_that_cannot_be(string stream)
    {
        var streams = 0;
        await using var server = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Method == "Range")
            {
                await SayAsync(call, streams == 0 ? Page(Pair("/a/1")) : new RangeResponse { Header = new ResponseHeader { ClusterId = 1, Revision = 30 }, Kvs = { Pair("/a/1", modified: 25) } });
                return;
            }

            var isFirst = streams++ == 0;
            foreach (var part in isFirst ? Streams[stream] : [Created, Changed(31)]) await call.SayAsync(part);
            if (isFirst && stream is "ended" or "ended at once") call.End();
            else await Task.Delay(Timeout.Infinite, call.Aborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var store = server.Open();
        await using var watch = store.Watch("/a/", CancellationToken.None).GetAsyncEnumerator();
        var shown = new List<long>();
        while (shown is not [.., 31])
        {
            Assert.True(await watch.MoveNextAsync());
            shown.Add(watch.Current.Entries.Max(entry => entry.ModifiedRevision));
        }

        Assert.All(shown, revision => Assert.Contains(revision, new long[] { 1, 25, 31 }));
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_transaction_that_comes_in_parts_is_shown_whole()
    {
        await using var server = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Method == "Range")
            {
                await SayAsync(call, new RangeResponse { Header = Header });
                return;
            }

            await call.SayAsync(Created);
            for (var i = 1; i <= 3; i++) await call.SayAsync(new WatchResponse { Header = Header, Fragment = i < 3, Events = { new Event { Kv = Pair($"/a/{i}", created: 11, modified: 11) } } });
            await Task.Delay(Timeout.Infinite, call.Aborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        await using var store = server.Open();
        await using var watch = store.Watch("/a/", CancellationToken.None).GetAsyncEnumerator();
        while (watch.Current is not { Revision: 11 })
        {
            Assert.True(await watch.MoveNextAsync());
            Assert.Equal(watch.Current.Revision == 11 ? 3 : 0, watch.Current.Entries.Count);
        }
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_store_that_went_back_ends_the_watch_and_says_so()
    {
        var reads = 0;
        await using var server = await FakeEtcd.StartAsync(async call =>
        {
            if (call.Method == "Range") await SayAsync(call, new RangeResponse { Header = new ResponseHeader { ClusterId = 1, Revision = reads++ == 0 ? 10 : 5 } });
            else call.End(14, "gone");
        });
        await using var store = server.Open();
        await using var watch = store.Watch("/a/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await watch.MoveNextAsync());
        Assert.Contains("from revision 10 to 5", error.Cause, StringComparison.Ordinal);
    }

    private static CoordinationTransaction Two { get; } = new([], [new Change.Put("/a/1", default), new Change.Delete("/a/2")]);

    private static IEnumerable<Func<Task>> Calls(EtcdCoordinationStore store) =>
    [
        async () => await store.ReadAsync("/a/", CancellationToken.None),
        async () => await store.CommitAsync(Two, CancellationToken.None),
        async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None),
        async () => await store.RenewLeaseAsync(new LeaseId(7), CancellationToken.None),
    ];

    private static KeyValue Pair(string key, long created = 1, long modified = 1) => new() { Key = ByteString.CopyFromUtf8(key), CreateRevision = created, ModRevision = modified };

    private static RangeResponse Page(params KeyValue[] pairs) => new() { Header = Header, Kvs = { pairs } };

    private static TxnResponse Txn(bool succeeded, params ResponseOp[] results) => new() { Header = Header, Succeeded = succeeded, Responses = { results } };

    private static WatchResponse Changed(long revision) => new() { Header = new ResponseHeader { ClusterId = 1, Revision = revision }, Events = { new Event { Kv = Pair("/a/1", modified: revision) } } };

    private static async Task SayAsync(FakeCall call, IMessage message)
    {
        await call.SayAsync(message);
        call.End();
    }

    private static Task EndAsync(FakeCall call, int status = 0, string detail = "")
    {
        call.End(status, detail);
        return Task.CompletedTask;
    }
}
