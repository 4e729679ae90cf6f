using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.FaultProxy;
using Rqml.Hosting;
using Rqml.Supervision.Events;
using Rqml.Testing.Contracts;

namespace Rqml.Transports.Tests;

/// <summary>The buses of the hosts of one scheduler are one bus.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class EventsBetweenHostsTests : IAsyncLifetime
{
    private static readonly TaskClass<string, string> Class = new("class");
    private readonly string _scheduler = $"tcp://127.0.0.1:{FreePort.Next()}/";
    private readonly List<IHost> _hosts = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    [Fact]
    public async Task What_one_host_sees_is_heard_at_the_scheduler_and_at_every_other_host_once()
    {
        var scheduler = await StartAsync("scheduler");
        var seer = await StartAsync("seer");
        var hearer = await StartAsync("hearer");
        using var atScheduler = Events(scheduler).Subscribe();
        using var atHearer = Events(hearer).Subscribe(new EventFilter { Kinds = EventKinds.SecurityFlag | EventKinds.NovelFinding });
        using var atSeer = Events(seer).Subscribe();
        await UntilWantedAsync(seer, EventKinds.SecurityFlag);
        await UntilWantedAsync(seer, EventKinds.PerformanceSpike);
        await UntilHearsAsync(scheduler, "hearer");
        Publish(seer, new SecurityFlag { At = DateTimeOffset.UnixEpoch, Concern = SecurityConcern.BallotTwice, Subject = "somebody" });
        Publish(seer, new PerformanceSpike { At = DateTimeOffset.UnixEpoch, Model = "slow", DurationMs = 9, MedianMs = 1, RobustZ = 7 });
        Publish(seer, new NovelFinding { At = DateTimeOffset.UnixEpoch, Novelty = 0.9, Threshold = 0.8, Score = double.NaN });

        Assert.Equal(["SecurityFlag", "PerformanceSpike", "NovelFinding"], (await TakeAsync(atSeer, 3)).Select(seen => seen.GetType().Name));
        Assert.Equal(["NovelFinding", "PerformanceSpike", "SecurityFlag"], (await TakeAsync(atScheduler, 3)).Select(seen => seen.GetType().Name).Order());
        var heard = await TakeAsync(atHearer, 2);
        Assert.Equal(["NovelFinding", "SecurityFlag"], heard.Select(seen => seen.GetType().Name).Order());
        Assert.All(heard, seen => Assert.Equal(new NodeId("seer"), seen.Node));
        Assert.Equal("somebody", heard.OfType<SecurityFlag>().Single().Subject);
        Assert.Equal((0L, 0L), (atScheduler.Missed, atHearer.Missed));
    }

    [Fact]
    public async Task What_nobody_wants_any_more_is_not_sent()
    {
        var scheduler = await StartAsync("scheduler");
        var seer = await StartAsync("seer");
        var subscription = Events(scheduler).Subscribe();
        await UntilWantedAsync(seer, EventKinds.SecurityFlag);
        subscription.Dispose();

        for (var tries = 0; Bus(seer).IsWanted(EventKinds.SecurityFlag); tries++)
        {
            Assert.True(tries < 3_000, "the subscription did not end at the other host");
            await Task.Delay(10);
        }
    }

    private async Task<IHost> StartAsync(string name)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(Class, one => one.AddModel("model", (context, _) => new(context.Payload))).Configure(options => options.NodeName = name);
            if (name == "scheduler") rqml.AddTcp(tcp => tcp.Listen = _scheduler);
            else rqml.AddTcp().JoinScheduler(_scheduler).Roles(NodeRoles.Worker);
        });
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    private static IRqmlEvents Events(IHost host) => host.Services.GetRequiredService<IRqmlEvents>();

    private static EventBus Bus(IHost host) => host.Services.GetRequiredService<EventBus>();

    private static void Publish(IHost host, RqmlEvent @event) => Bus(host).Publish(@event with { Node = new NodeId("seer") });

    private static async Task UntilWantedAsync(IHost host, EventKinds kind)
    {
        for (var tries = 0; !Bus(host).IsWantedElsewhere(kind); tries++)
        {
            Assert.True(tries < 3_000, $"{kind} was not asked for");
            await Task.Delay(10);
        }
    }

    /// <summary>The hub has heard what that host wants.</summary>
    private static async Task UntilHearsAsync(IHost hub, string node)
    {
        var relay = hub.Services.GetRequiredService<RqmlHost>().Main.Relay;
        for (var tries = 0; !relay!.Subscribers(EventKinds.NovelFinding).Contains(new NodeId(node)); tries++)
        {
            Assert.True(tries < 3_000, $"{node} did not subscribe");
            await Task.Delay(10);
        }
    }

    private static async Task<List<RqmlEvent>> TakeAsync(EventSubscription subscription, int count)
    {
        var taken = new List<RqmlEvent>();
        var events = subscription.GetAsyncEnumerator();
        while (taken.Count < count)
        {
            Assert.True(await Step.Within("an event", events.MoveNextAsync().AsTask()));
            taken.Add(events.Current);
        }

        await events.DisposeAsync();
        return taken;
    }
}
