using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Supervision.Events;

namespace Rqml.Docs.Tests.Snippets;

#region snippet
/// <summary>Tells somebody what a host's nodes found odd.</summary>
public sealed class Watchman(IRqmlEvents events) : BackgroundService
{
    // Subscribed with the object, not when it gets to run: nothing is missed in between.
    private readonly EventSubscription _subscription = events.Subscribe(new EventFilter { Kinds = EventKinds.All & ~EventKinds.NovelFinding });

    public static string Describe(RqmlEvent seen) => seen switch
    {
        ModelDivergence divergence => $"{string.Join(" and ", divergence.Parties)} are {divergence.Disagreement:0.00} apart on task {seen.Task}",
        NovelFinding finding => $"task {seen.Task} has come to something new, worth {finding.Score:0.00}",
        ConsistencyAnomaly anomaly => $"{anomaly.Passes} passes on one input agree by {anomaly.Consistency:0.00} only",
        PerformanceSpike spike => $"{spike.Model} took {spike.DurationMs:0} ms on {seen.Node}; it is usually {spike.MedianMs:0} ms",
        SecurityFlag flag => $"{flag.Concern} at {flag.Subject}",
        _ => seen.ToString(),
    };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long missed = 0;
        await foreach (RqmlEvent seen in _subscription.WithCancellation(stoppingToken))
        {
            if (_subscription.Missed > missed) Console.WriteLine($"({_subscription.Missed - missed} events came faster than they could be told)");
            missed = _subscription.Missed;
            Console.WriteLine(Describe(seen) + (seen.Suppressed > 0 ? $", after {seen.Suppressed} more that were held back" : ""));
        }
    }

    public override void Dispose()
    {
        _subscription.Dispose();
        base.Dispose();
    }
}
#endregion

public sealed class Events
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_watchman_starts_and_stops_with_the_host()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        #region snippet
        builder.Services.AddHostedService<Watchman>();
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().Limit(iterations: 3))
            .Configure(options => options.Events.SpikeZ = 10));
        #endregion
        using IHost host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(2));
        await task.Completion;
        await host.StopAsync();
    }

    [Fact]
    public void Every_kind_of_event_can_be_told()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var at = DateTimeOffset.UnixEpoch;
        Assert.Equal("a and b are 0.50 apart on task ", Watchman.Describe(new ModelDivergence { At = at, Form = DivergenceForm.Passes, Disagreement = 0.5, Parties = ["a", "b"] }));
        Assert.Equal("task  has come to something new, worth 0.70", Watchman.Describe(new NovelFinding { At = at, Novelty = 0.9, Threshold = 0.8, Score = 0.7 }));
        Assert.Equal("3 passes on one input agree by 0.25 only", Watchman.Describe(new ConsistencyAnomaly { At = at, Consistency = 0.25, Threshold = 0.5, Passes = 3, Models = ["a"] }));
        Assert.Equal("a took 900 ms on east; it is usually 20 ms", Watchman.Describe(new PerformanceSpike { At = at, Node = new NodeId("east"), Model = "a", DurationMs = 900, MedianMs = 20, RobustZ = 50 }));
        Assert.Equal("BallotTwice at east", Watchman.Describe(new SecurityFlag { At = at, Concern = SecurityConcern.BallotTwice, Subject = "east" }));
    }
}
