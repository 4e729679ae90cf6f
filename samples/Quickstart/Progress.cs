using System.Diagnostics;
using Spectre.Console;

namespace Quickstart;

/// <summary>Shows the run as it happens: bars on a terminal, plain lines elsewhere.</summary>
public sealed class Progress(IAnsiConsole console, int total)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly int[] _byTier = new int[3];
    private int _rounds;
    private int _settled;
    private long _movedAt = Stopwatch.GetTimestamp();

    public int Settled => Volatile.Read(ref _settled);

    public void Say(string line) => console.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {line}");

    public void Iterated()
    {
        Interlocked.Increment(ref _rounds);
        Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp());
    }

    public void Completed(int tier)
    {
        Interlocked.Increment(ref _byTier[tier]);
        Interlocked.Increment(ref _settled);
        Volatile.Write(ref _movedAt, Stopwatch.GetTimestamp());
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

    private string Describe() =>
        $"{Settled}/{total} learnt after {Volatile.Read(ref _rounds)} rounds (softmax {_byTier[0]}, perceptron {_byTier[1]}, ridge {_byTier[2]})";
}
