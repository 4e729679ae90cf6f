using System.Diagnostics;
using Quickstart.Learning;
using Rqml;
using Rqml.Supervision;
using Spectre.Console;

namespace Quickstart;

/// <summary>Shows the run as it happens: a bar on a terminal, plain lines elsewhere, and on both a few lines of what stalled and what was tried then.</summary>
public sealed class Progress(IAnsiConsole console, int total)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly News _news = new(most: 3);
    private int _rounds;
    private int _settled;
    private long _movedAt = Stopwatch.GetTimestamp();

    public int Settled => Volatile.Read(ref _settled);

    public void Say(string line) => console.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {line}");

    public void Iterated(int task, Iteration<Classifier> step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Interlocked.Increment(ref _rounds);
        Moved(_news.OfIteration(task, step.Model, step.Decision, step.Reason));
    }

    public void Completed(int task, RefinementResult<Classifier> result)
    {
        ArgumentNullException.ThrowIfNull(result);
        Interlocked.Increment(ref _settled);
        Moved(_news.OfEnd(task, result.Outcome.ToString(), result.Reason));
    }

    /// <summary>Shows the run until <paramref name="all"/> is done, or nothing has moved for a minute: what is missing then is lost.</summary>
    public Task ShowAsync(Task all) => console.Profile.Capabilities.Interactive ? ShowBarsAsync(all) : ShowLinesAsync(all);

    private Task ShowBarsAsync(Task all) =>
        console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("learning", maxValue: total);
                while (!all.IsCompleted && !IsStuck)
                {
                    await Task.WhenAny(all, Task.Delay(Every));
                    bar.Description = Markup.Escape(Describe());
                    bar.Value = Settled;
                }
            });

    private async Task ShowLinesAsync(Task all)
    {
        var said = -1;
        while (!all.IsCompleted && !IsStuck)
        {
            await Task.WhenAny(all, Task.Delay(Every));
            var tenth = Settled * 10 / total;
            if (tenth == said) continue;
            said = tenth;
            Say(Describe());
        }
    }

    private bool IsStuck => Stopwatch.GetElapsedTime(Volatile.Read(ref _movedAt)) > Patience;

    private void Moved(string? line)
    {
        Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp());
        if (line is not null) Say(line);
    }

    private string Describe() =>
        $"{Settled}/{total} learnt after {Volatile.Read(ref _rounds)} rounds; larger model {_news.Count(SupervisionAction.Escalate)}, "
        + $"other family {_news.Count(SupervisionAction.Reroute)}, vote {_news.Count(SupervisionAction.Vote)}";
}
