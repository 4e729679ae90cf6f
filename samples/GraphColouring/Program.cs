using System.Diagnostics;
using CommandLine;
using GraphColouring;
using GraphColouring.Queens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;
using Spectre.Console;

if (args.Contains("--help"))
{
    Console.WriteLine(Arguments.Usage);
    return 0;
}

Arguments arguments;
StoreFolder store;
try
{
    arguments = Arguments.Parse(args);
    store = StoreFolder.Open(arguments.Store, "graph-colouring", "a", "b");
}
catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{error.Message}\n\n{Arguments.Usage}");
    return 2;
}

var clock = Stopwatch.StartNew();
using var checkpoints = new CheckpointCount();

// 1. Two nodes in this process, so that votes are cast on both. Each class has a router that learns which model pays.
var (router, shortRouter) = (ModelRouting.Learnt(), ModelRouting.Learnt());
var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Services.AddRqml(rqml => rqml
    .AddTaskClass(ColourQueens.Class, queens => ColourQueens.Configure(queens, router))
    .AddTaskClass(ColourQueens.InShortRounds, queens => ColourQueens.ConfigureShortRounds(queens, shortRouter))
    .UseRocksDb(store["a"])
    .AddNode("b", node => node.UseRocksDb(store["b"]))
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

// 2. One task for each board and start. What an interrupted run of this program left goes on: the same key is the same task.
var rqml = host.Services.GetRequiredService<IRqmlClient>();
var progress = new GraphColouring.Progress(AnsiConsole.Console, Board.All.Count * arguments.Seeds);
var follows = new List<Task<Trial>>();
for (var seed = 1UL; seed <= (ulong)arguments.Seeds; seed++)
{
    foreach (var board in Board.All)
    {
        var options = new SubmitOptions { IdempotencyKey = $"{board.Size}-{board.Colours}-{seed}", Difficulty = board.Difficulty, Deadline = TimeSpan.FromMinutes(5) };
        follows.Add(FollowAsync(board, seed, await rqml.SubmitAsync(board.Class, new ColouringJob(board.Size, board.Colours, seed), options)));
    }
}

// 3. Follow them to their ends, and count each solution anew.
var following = Task.WhenAll(follows);
await progress.ShowAsync(following);
var trials = await following;
var report = Report.Of(trials, checkpoints.Written, Math.Round(clock.Elapsed.TotalSeconds, 1));

// 4. What the routers have learnt, and the story of a task that has seen most of the ladder.
AnsiConsole.MarkupLineInterpolated($"[bold]What the router has learnt[/]\n{router}\n[bold]and of short rounds[/]\n{shortRouter}\n");
var instructive = trials.OrderByDescending(trial => trial.Turns).ThenBy(trial => trial.Result.Story.Steps.Count).First();
AnsiConsole.MarkupLineInterpolated($"[bold]The story of a board of {instructive.Board}[/]\n{instructive.Result.Story}\n");
AnsiConsole.MarkupLineInterpolated($"{report.Checkpoints} checkpoints; {trials.Count(trial => trial.Result.ResumedAt > 0)} tasks went on from one. {report.Seconds} s.");
AnsiConsole.MarkupLineInterpolated($"{(report.Kept ? "Every promised board was solved from every start, and no solution has a conflict." : "NOT every promised board was solved.")}");
if (arguments.Json is { } json) report.Write(json);
await host.StopAsync();

// 5. A finished run begins anew next time.
store.Delete();
return report.Kept ? 0 : 1;

async Task<Trial> FollowAsync(Board board, ulong seed, RefinementHandle<Colouring> task)
{
    await foreach (var _ in task.Iterations()) progress.Iterated();
    var trial = new Trial(board, seed, await task.Completion);
    progress.Settled(trial);
    return trial;
}
