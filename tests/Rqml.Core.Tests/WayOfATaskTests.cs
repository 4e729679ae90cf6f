using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Diagnostics;
using Rqml.Storage;

namespace Rqml.Core.Tests;

/// <summary>The line in ARCHITECTURE.md is the way that a task takes: no station is skipped, none is taken twice, and none is missing from the page.</summary>
public sealed partial class WayOfATaskTests
{
    private static readonly TaskClass<string, string> Words = new("words");

    /// <summary>What the page calls each station, and the folder that it is.</summary>
    private static readonly (string OnPage, Station Station, string Folder)[] Stations =
    [
        ("client.SubmitAsync", Station.Submit, "Tasks"),
        ("ledger (durable)", Station.Ledger, "Ledgers"),
        ("scheduler: weigh nodes, assign attempt", Station.Scheduler, "Scheduling"),
        ("fabric[task_inbound]", Station.Fabric, "Messaging"),
        ("inbound queue", Station.InboundQueue, "Queues"),
        ("worker lane", Station.Lane, "Nodes"),
        ("refinement queue", Station.RefinementQueue, "Queues"),
        ("route", Station.Route, "Refinement"),
        ("refine", Station.Refine, "Models"),
        ("assess", Station.Assess, "Refinement"),
        ("supervise", Station.Supervise, "Supervision"),
        ("checkpoint writer (never waited for)", Station.Checkpoint, "Checkpoints"),
        ("validate", Station.Validate, "Supervision"),
        ("outbound queue", Station.OutboundQueue, "Nodes"),
        ("fabric[task_results]", Station.Fabric, "Messaging"),
        ("ledger: settle once", Station.Settle, "Ledgers"),
        ("completion", Station.Completion, "Tasks"),
    ];

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 2)]
    public async Task A_task_passes_each_station_once_in_the_order_of_the_page(bool isDurable, int furtherNodes)
    {
        var log = new StationLog();
        await using var host = await TestHost.StartAsync(rqml => Configure(rqml, isDurable, furtherNodes), services => services.AddSingleton<IStationObserver>(log), new FakeTimeProvider());      // nothing is said again for being late

        var tasks = new List<RefinementHandle<string>>();
        for (var i = 0; i < 20; i++) tasks.Add(await host.Client.SubmitAsync(Words, "abcd"));
        foreach (var task in tasks) await TestHost.Step("completion", task.Completion);

        var expected = WayOnThePage().Where(station => isDurable || station != Station.Checkpoint).ToArray();
        foreach (var task in tasks) Assert.Equal(expected, Fold(log.Of(task.Id)));
    }

    [Fact]
    public void Each_station_is_a_folder_that_the_page_describes()
    {
        var page = Repository.Read("ARCHITECTURE.md");
        foreach (var (_, _, folder) in Stations)
        {
            Assert.True(Directory.Exists(Path.Combine(Repository.Root, "src", "Rqml.Core", folder)), folder);
            Assert.Contains($"| `{folder}/` |", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_page_describes_every_folder_of_the_core_and_no_other()
    {
        var described = FolderRow().Matches(Repository.Read("ARCHITECTURE.md")).Select(match => match.Groups[1].Value).Order();
        var there = Directory.GetDirectories(Path.Combine(Repository.Root, "src", "Rqml.Core")).Select(path => Path.GetFileName(path)!).Where(name => name is not ("bin" or "obj")).Order();
        Assert.Equal(there, described);
    }

    /// <summary>Reads the line: stations between arrows, the loop in braces, the checkpoint as a branch of it.</summary>
    private static Station[] WayOnThePage()
    {
        var page = Repository.Read("ARCHITECTURE.md");
        var line = page.Split("```")[1]["text".Length..].Replace("│", "", StringComparison.Ordinal);
        var names = Separator().Split(line.Replace("├─ each boundary →", "→", StringComparison.Ordinal).Replace("→ local store", "", StringComparison.Ordinal).Replace("└─ converged →", "→", StringComparison.Ordinal))
            .Select(name => name.Trim()).Where(name => name.Length > 0).ToArray();
        Assert.Equal(Stations.Select(station => station.OnPage), names);
        return [.. Stations.Select(station => station.Station)];
    }

    /// <summary>Takes rounds of the loop together: whatever was entered between the first routing and the validation counts once, in order.</summary>
    private static Station[] Fold(IReadOnlyList<Station> entered)
    {
        var folded = new List<Station>();
        var loop = new List<Station>();
        foreach (var station in entered)
        {
            if (station is >= Station.Route and <= Station.Checkpoint)
            {
                if (!loop.Contains(station)) loop.Add(station);
                continue;
            }

            folded.AddRange(loop);
            loop.Clear();
            folded.Add(station);
        }

        return [.. folded];
    }

    private static void Configure(IRqmlBuilder rqml, bool isDurable, int furtherNodes)
    {
        if (isDurable) rqml.UseStore("memory", _ => new InMemoryKeyValueStore());
        for (var node = 0; node < furtherNodes; node++) rqml.AddNode($"node-{node}", further => further.UseStore("memory", _ => new InMemoryKeyValueStore()));
        rqml.AddTaskClass(Words, words => words
            .AddModel("grow", (context, _) => new(context.Payload[..Math.Min(context.Payload.Length, (context.Artifact?.Length ?? 0) + 1)]))
            .ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))
            .ValidateWith<NotEmpty>());
    }

    [GeneratedRegex(@"→|⟲ \{|\}")]
    private static partial Regex Separator();

    [GeneratedRegex(@"^\| `(\w+)/` \|", RegexOptions.Multiline)]
    private static partial Regex FolderRow();

    private sealed class NotEmpty : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(artifact.Length > 0 ? Validation.Accept : Validation.Reject("It is empty."));
    }

    private sealed class StationLog : IStationObserver
    {
        private readonly ConcurrentDictionary<TaskId, List<Station>> _entered = new();

        public void Entered(Station station, TaskId task)
        {
            var log = _entered.GetOrAdd(task, _ => []);
            lock (log) log.Add(station);
        }

        public IReadOnlyList<Station> Of(TaskId task)
        {
            var log = _entered[task];
            lock (log) return [.. log];
        }
    }
}
