using System.Diagnostics;
using System.Security.Cryptography;
using CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quickstart;
using Quickstart.Learning;
using Rqml;
using Rqml.Testing;
using Spectre.Console;

if (args.Contains("--help"))
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments arguments;
Journal? opened;
StoreFolder store;
try
{
    arguments = Arguments.Parse(args);
    store = StoreFolder.Open(arguments.Store, "quickstart", "a", "b", "c");
    opened = arguments.Journal is { } folder ? new Journal(folder) : null;
}
catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{error.Message}\n\n{Arguments.Usage}");
    return 2;
}

using var journal = opened;

var clock = Stopwatch.StartNew();
var progress = new Quickstart.Progress(AnsiConsole.Console, arguments.Tasks);

// 1. Three nodes in this process, each with a store of its own. In your application there is usually one, and the rest is the same.
var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Services.AddRqml(rqml => rqml
    .AddTaskClass(LearnDigits.Class, digits => LearnDigits.Configure(digits, journal))
    .UseRocksDb(store["a"])
    .AddNode("b", node => node.UseRocksDb(store["b"]))
    .AddNode("c", node => node.UseRocksDb(store["c"]))
    .Configure(options => (options.NodeName, options.Lanes) = ("a", 1)));
using var host = builder.Build();
try
{
    await host.StartAsync();
}
catch (RqmlException error)
{
    Console.Error.WriteLine(error.Message);      // the store is in use, or its disk refuses
    return 1;
}

var rqml = host.Services.GetRequiredService<IRqmlClient>();

// 2. What an earlier run of this program left unfinished goes on by itself, from its checkpoints.
var keys = Enumerable.Range(0, arguments.Tasks).Select(number => $"digit-{arguments.Seed}-{number}").ToArray();
var earlier = await EarlierRun.FindAsync(rqml, keys);
if (earlier.Stranger is { } stranger)
{
    Console.Error.WriteLine($"'{arguments.Store}' holds tasks of another run, such as {stranger}: finish that one first, with its --seed and --tasks, or choose another --store.");
    return 2;
}

var recovered = new HashSet<TaskId>(earlier.Open);
if (recovered.Count > 0) progress.Say($"found {recovered.Count} unfinished tasks of an earlier run; they go on from their checkpoints");

// 3. One task for each sample. Submitted again under the same key, a task is the one that is there already.
var tasks = new List<RefinementHandle<Classifier>>();
for (var number = 0; number < arguments.Tasks; number++)
{
    var options = new SubmitOptions { IdempotencyKey = keys[number] };
    tasks.Add(await rqml.SubmitAsync(LearnDigits.Class, new Sample(arguments.Seed, number), options));
}

// 4. Follow them, and lose a node once a third is done.
var courses = tasks.Select(_ => new Course()).ToArray();
var follows = tasks.Select(FollowAsync).ToArray();
var following = Task.WhenAll(follows);
var killing = KillOneAsync();
await progress.ShowAsync(following);
await killing;
var results = follows.Where(follow => follow.IsCompletedSuccessfully).Select(follow => follow.Result).ToArray();

// Settled once: whoever asks again hears of the same settlement, by the same attempt at the same time.
var again = await Task.WhenAll(results.Select(async result => await (await rqml.AttachAsync(LearnDigits.Class, result.Task)).Completion));
var duplicated = tasks.Count - tasks.DistinctBy(task => task.Id).Count() + results.Zip(again).Count(pair => Identify(pair.First) != Identify(pair.Second));

// 5. All classifiers vote, on digits that nothing has seen before.
var ballot = Ballot.Of([.. results.Where(result => result.HasArtifact).Select(result => result.Artifact)]);

// 6. Each result brings the story of its task: what was seen, what was decided, and why.
var report = Report.Of(tasks.Count, results, duplicated, recovered, ballot, clock.Elapsed);
var story = results.Select(result => result.Story).MaxBy(story => (story.Outcome == Outcome.Converged, Decisions.Variety(story.Steps)));
if (story is not null) Console.WriteLine($"\nThe task with the most to tell:\n{story}\n");
ReportTable.Show(AnsiConsole.Console, report);
ConvergencePlot.Save(arguments.Plot, courses);
Console.WriteLine($"How the scores grew: {arguments.Plot}");
if (arguments.Climb is { } climb && story is not null) ClimbPlot.Save(climb, courses[tasks.FindIndex(task => task.Id == story.Task)], story.Steps, $"{story.Outcome}");
if (arguments.Json is { } json) report.Write(json);
if (arguments.Labels is { } labels) File.WriteAllLines(labels, [.. results.Select(Describe), string.Concat(ballot.Labels)]);
await host.StopAsync();

// 7. A finished run begins anew next time.
store.Delete();
return report.Lost == 0 && report.Duplicated == 0 ? 0 : 1;

async Task<RefinementResult<Classifier>> FollowAsync(RefinementHandle<Classifier> task, int number)
{
    await foreach (var step in task.Iterations())
    {
        if (courses[number].Add(new CoursePoint(step.Number, step.Model, step.Score ?? 0))) progress.Iterated(number, step);
    }

    var result = await task.Completion;
    journal?.Completed(number, Identify(result));
    courses[number].Complete(result.Story.Steps);
    progress.Completed(number, result);
    return result;
}

async Task KillOneAsync()
{
    while (progress.Settled < arguments.Tasks / 3 && !following.IsCompleted) await Task.Delay(20);
    if (following.IsCompleted) return;
    var held = await host.KillNodeAsync("b");
    recovered.UnionWith(held);
    progress.Say($"node b is dead; the {held.Count} tasks that it held go to the others");
}

static string Describe(RefinementResult<Classifier> result) => $"{result.Outcome} {result.Model} {result.Iterations} {Convert.ToHexString(SHA256.HashData(result.ArtifactBytes.Span))}";

static string Identify(RefinementResult<Classifier> result) => $"{Describe(result)} {result.Attempt?.Epoch} {result.Node} {result.SettledAt:O}";
