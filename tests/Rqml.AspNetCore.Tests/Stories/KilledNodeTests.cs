using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.FaultProxy;
using Rqml.Hosting;
using Rqml.Scheduling;

namespace Rqml.AspNetCore.Tests.Stories;

/// <summary>Three processes: this one submits and schedules, two others work. What became of the one is read from the log of this one.</summary>
public sealed class KilledNodeTests
{
    private const int Tasks = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_story_of_a_worker_that_is_killed_with_work_in_hand_stands_in_the_schedulers_log()
    {
        using var folder = new TemporaryFolder();
        var log = new LogLines();
        using var scheduler = await StartAsync(folder, log);
        await using var a = new StoryProcess("worker-a", AddressOf(scheduler), folder.Path);
        var tasks = await HoldAsync(scheduler, log, "worker-a");
        await using var b = new StoryProcess("worker-b", AddressOf(scheduler), folder.Path);
        await log.WaitAsync(2103, "worker-b");

        await a.KillAsync();
        await log.WaitAsync(2109, "worker-a");
        await using var again = new StoryProcess("worker-a", AddressOf(scheduler), folder.Path);
        await log.WaitAsync(2104, "worker-a");
        await OpenAsync(folder, tasks);

        var story = log.Lines;
        Expect(story, [
            ("1007", "Node scheduler/"), ("2101", "schedules in term"),
            ("2103", "worker-a/"), ("1205", "worker-a/"), ("1206", "worker-a/"),
            ("2107", $"nobody listens where it did; its {Tasks} tasks go elsewhere once it is fenced"), ("2108", $"fenced, and {Tasks} tasks were taken from it"), ("2109", $": {Tasks} at worker-b"),
            ("2104", "worker-a/")]);
        var first = NodeOf(story, 2103, "worker-a");
        Assert.All(new[] { 2107, 2108, 2109 }, id => Assert.Equal(first, NodeOf(story, id, "worker-a")));      // the same start of it throughout
        Assert.NotEqual(first, NodeOf(story, 2104, "worker-a"));
        Assert.Contains(first.Split('/')[1], story.Single(line => line.StartsWith("2104", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.InRange(story.Count, 1, 40);      // of nodes and terms, not of tasks

        Assert.Contains("its store is new", await a.Log.WaitAsync(1007, "worker-a"), StringComparison.Ordinal);
        Assert.Matches("the start before this one was killed; its store holds [0-9] unfinished attempts", await again.Log.WaitAsync(1007, "worker-a"));
        await again.Log.WaitAsync(2206, "scheduler/");
    }

    [Fact]
    public async Task The_story_of_a_worker_that_is_silent_and_speaks_too_late_stands_there_too()
    {
        using var folder = new TemporaryFolder();
        var log = new LogLines();
        using var scheduler = await StartAsync(folder, log);
        await using var a = new StoryProcess("worker-a", AddressOf(scheduler), folder.Path);
        var tasks = await HoldAsync(scheduler, log, "worker-a");
        await using var b = new StoryProcess("worker-b", AddressOf(scheduler), folder.Path);
        await log.WaitAsync(2103, "worker-b");

        await a.SignalAsync("STOP");
        await log.WaitAsync(2109, "worker-a");
        await OpenAsync(folder, tasks);
        await a.SignalAsync("CONT");
        await log.WaitAsync(1101, "worker-a");

        Expect(log.Lines, [
            ("2103", "worker-a/"), ("2105", "worker-a/"), ("2107", $"its {Tasks} tasks"), ("2108", $"{Tasks} tasks"), ("2109", $"{Tasks} at worker-b"), ("1101", "worker-a/")]);
        Assert.Single(log.Lines, line => line.StartsWith("1101", StringComparison.Ordinal));      // six came too late, and are one line
    }

    private static async Task<IHost> StartAsync(TemporaryFolder folder, LogLines log)
    {
        var address = $"tcp://127.0.0.1:{FreePort.Next()}";
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton(new Uri(address));
        builder.Services.AddRqml(rqml => StoryWorker.AddTo(rqml, folder.Path)
            .AddTcp(tcp => tcp.Listen = address)
            .Roles(NodeRoles.Client | NodeRoles.Scheduler)
            .Configure(options => options.NodeName = "scheduler"));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static string AddressOf(IHost host) => host.Services.GetRequiredService<Uri>().OriginalString;

    /// <summary>Has so many tasks in hand at the only worker there is.</summary>
    private static async Task<RefinementHandle<int>[]> HoldAsync(IHost host, LogLines log, string worker)
    {
        await log.WaitAsync(2103, worker);
        var client = host.Services.GetRequiredService<IRqmlClient>();
        var tasks = new RefinementHandle<int>[Tasks];
        for (var i = 0; i < Tasks; i++) tasks[i] = await client.SubmitAsync(StoryWorker.Held, i);
        using var limit = new CancellationTokenSource(Limit);
        while ((await host.Services.GetRequiredService<IScheduler>().GetStatisticsAsync(limit.Token)).Nodes.Single(node => node.Node.Value == worker).Assigned < Tasks) await Task.Yield();
        return tasks;
    }

    private static async Task OpenAsync(TemporaryFolder folder, RefinementHandle<int>[] tasks)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.Path, StoryWorker.OpenFile), "");
        foreach (var task in tasks) Assert.Equal(Outcome.Converged, (await task.Completion.WaitAsync(Limit)).Outcome);
    }

    /// <summary>The node of the first line with the id that is about it, with its incarnation.</summary>
    private static string NodeOf(IReadOnlyList<string> story, int id, string node) =>
        story.First(line => line.StartsWith($"{id} ", StringComparison.Ordinal) && line.Contains(node, StringComparison.Ordinal)).Split(' ').First(word => word.StartsWith(node, StringComparison.Ordinal)).TrimEnd(':', ',', ';');

    /// <summary>All of it, in this order; other lines may stand between.</summary>
    private static void Expect(IReadOnlyList<string> story, (string Id, string Words)[] expected)
    {
        var at = -1;
        foreach (var (id, words) in expected)
        {
            var found = Enumerable.Range(at + 1, story.Count - at - 1).Where(place => story[place].StartsWith(id, StringComparison.Ordinal) && story[place].Contains(words, StringComparison.Ordinal)).DefaultIfEmpty(-1).First();
            Assert.True(found >= 0, $"After line {at + 1} the log does not say {id} '{words}':\n{string.Join('\n', story)}");
            at = found;
        }
    }
}
