using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>What others may cost a node at most, however many they are and however often they come.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class LinkBoundsTests : IAsyncLifetime
{
    private static readonly LinkSettings Settings = new() { MostLinks = 4, MostStreams = 3, RememberMs = 10_000 };
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "scripted://self/");

    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedTransport _transport = new();
    private LinkTable _table = null!;

    public async Task InitializeAsync()
    {
        var listener = await _transport.ListenAsync(new Uri(Self.Endpoint), CancellationToken.None);
        _table = new LinkTable(Self, [_transport], [listener], Settings, Dispatcher.ThreadPool, new Clock(_time), 1, new Hearer(), RqmlInstruments.OfProcess.Messaging, NullLogger.Instance);
        _table.Start();
    }

    public async Task DisposeAsync() => await _table.DisposeAsync();

    [Fact]
    public async Task One_link_more_than_a_node_takes_is_closed()
    {
        var links = Enumerable.Range(0, Settings.MostLinks).Select(number => _transport.Offer($"{number}")).ToList();
        var further = _transport.Offer("further");

        await further.Closed;
        Assert.All(links, link => Assert.False(link.IsClosed));
    }

    [Fact]
    public async Task A_link_that_ends_leaves_room_for_another()
    {
        var links = Enumerable.Range(0, Settings.MostLinks).Select(number => _transport.Offer($"{number}")).ToList();
        links[0].Close();
        await UntilAsync(() => IsGreetedAsync("next"));
    }

    [Fact]
    public async Task The_place_of_a_stream_is_forgotten_some_time_after_its_link_has_ended()
    {
        var link = await GreetAsync("a");
        link.Close();
        Assert.Equal(1, _table.RememberedStreams);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(_table.RememberedStreams == 0);
        });
    }

    [Fact]
    public async Task A_stream_whose_link_lives_is_never_forgotten()
    {
        var link = await GreetAsync("a");
        for (var seconds = 0; seconds < 60; seconds++)
        {
            link.Bring(Heartbeat());
            await UntilAsync(() => Task.FromResult(link.IsRead));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(link.IsClosed);
        Assert.Equal(1, _table.RememberedStreams);
    }

    [Fact]
    public async Task Where_there_are_too_many_streams_one_without_a_link_goes_and_none_that_has_one()
    {
        var links = new List<ScriptedLink> { await GreetAsync("a"), await GreetAsync("b"), await GreetAsync("c") };
        Assert.False(await IsGreetedAsync("d"));
        links[0].Close();
        await UntilAsync(() => IsGreetedAsync("d"));

        Assert.Equal(Settings.MostStreams, _table.RememberedStreams);
        Assert.All(links.Skip(1), link => Assert.False(link.IsClosed));
    }

    private async Task<ScriptedLink> GreetAsync(string node)
    {
        var link = _transport.Offer(node);
        link.Bring(HelloOf(node));
        await link.SentAsync();
        return link;
    }

    /// <summary>Whether a further link is taken: one above the bound of links is closed unanswered, one above that of streams is told why and then is ours to close.</summary>
    private async Task<bool> IsGreetedAsync(string node)
    {
        var link = _transport.Offer(node);
        link.Bring(HelloOf(node));
        var answer = link.SentAsync();
        if (await Task.WhenAny(answer, link.Closed) == answer && FrameHeader.Read(await answer).Kind == FrameKind.Hello) return true;
        link.Close();
        return false;
    }

    private static byte[] HelloOf(string node) => new Hello(VersionRange.Ours, "rqml", new Peer(new NodeId(node), new Incarnation(2), $"scripted://{node}/"), 1).ToFrame();

    private static byte[] Heartbeat()
    {
        var frame = new byte[FrameHeader.Bytes];
        new FrameHeader(0, 1, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0).Write(frame);
        return frame;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            if (tries > 3_000) Assert.Fail("It did not come.");
            await Task.Delay(5);
        }
    }
}
