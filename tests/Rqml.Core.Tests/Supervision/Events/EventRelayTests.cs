using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Links;
using Rqml.Testing.Contracts;

namespace Rqml.Supervision.Events;

/// <summary>Who says to whom which events are wanted; that they arrive is shown over real transports.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class EventRelayTests : IAsyncLifetime
{
    private readonly TestEvents _events = new();
    private readonly ScriptedTransport _transport = new();
    private readonly Peer _self = PeerOf("self");
    private LinkTable _links = null!;
    private EventRelay _relay = null!;

    public Task InitializeAsync()
    {
        _links = new LinkTable(_self, [_transport], [], new LinkSettings(), Dispatcher.ThreadPool, new Clock(TimeProvider.System), 1, new Hearer(), RqmlInstruments.OfProcess.Messaging, NullLogger.Instance);
        _relay = new EventRelay(_events.Bus, _links, _self);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _links.DisposeAsync();
        _events.Dispose();
    }

    [Fact]
    public async Task Whoever_follows_a_leader_tells_it_what_is_wanted()
    {
        using var subscription = _events.Bus.Subscribe();
        _relay.Follow(PeerOf("leader"), new Term(1, 2));

        Assert.Equal("scripted://leader/", (await Step.Within("a link", _transport.OpenedAsync())).Peer.Address);
    }

    [Fact]
    public async Task The_late_word_of_an_earlier_term_changes_nothing()
    {
        using var subscription = _events.Bus.Subscribe();
        _relay.Follow(PeerOf("leader"), new Term(1, 2));
        await Step.Within("a link", _transport.OpenedAsync());
        _relay.Follow(PeerOf("former"), new Term(1, 1));
        _relay.Follow(PeerOf("next"), new Term(1, 3));

        Assert.Equal("scripted://next/", (await Step.Within("a link", _transport.OpenedAsync())).Peer.Address);
    }

    [Fact]
    public async Task Only_whoever_leads_asks_the_nodes_that_report_to_it()
    {
        using var subscription = _events.Bus.Subscribe();
        _relay.Joined(PeerOf("stranger"));
        _relay.Follow(_self, new Term(1, 1));
        _relay.Joined(PeerOf("member"));

        Assert.Equal("scripted://member/", (await Step.Within("a link", _transport.OpenedAsync())).Peer.Address);
    }

    [Fact]
    public async Task Where_nobody_listens_to_events_nobody_is_told()
    {
        _relay.Follow(PeerOf("leader"), new Term(1, 1));
        await _links.DisposeAsync();

        Assert.Equal(0, _transport.Connections);
    }

    private static Peer PeerOf(string name) => new(new NodeId(name), new Incarnation(1), $"scripted://{name}/");
}
