using System.Collections.Concurrent;
using Spectre.Console;

namespace GraphColouring;

/// <summary>Shows the run as it happens: a table on a terminal, plain lines elsewhere.</summary>
public sealed class Progress(IAnsiConsole console, int total)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private readonly ConcurrentQueue<Trial> _settled = new();
    private int _rounds;

    public void Iterated() => Interlocked.Increment(ref _rounds);

    public void Settled(Trial trial) => _settled.Enqueue(trial);

    /// <summary>Shows the run until <paramref name="all"/> is done.</summary>
    public async Task ShowAsync(Task all)
    {
        if (console.Profile.Capabilities.Interactive)
        {
            await console.Live(Table()).StartAsync(context => TellAsync(all, () => context.UpdateTarget(Table())));
            return;
        }

        var said = -1;
        await TellAsync(all, () =>
        {
            if (_settled.Count * 10 / total is var tenth && tenth == said) return;
            said = tenth;
            console.MarkupLineInterpolated($"[grey]{DateTime.Now:HH:mm:ss}[/] {Describe()}");
        });
        console.Write(Table());
    }

    private static async Task TellAsync(Task all, Action tell)
    {
        while (!all.IsCompleted)
        {
            await Task.WhenAny(all, Task.Delay(Every));
            tell();
        }

        await all;
    }

    private Table Table()
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(Describe()));
        table.AddColumn("board", column => column.NoWrap()).AddColumns("solved", "proven", "rounds", "stuck", "larger", "wider", "votes");
        table.Caption("* not promised; short: in short rounds. Proven: a recount found no conflict. Stuck: the small model got no further. Then how often it was decided to go on with a larger model, with several at once, or by a vote.");
        var settled = _settled.ToLookup(trial => trial.Board);
        foreach (var board in Board.All)
        {
            var row = BoardReport.Of(board, [.. settled[board]]);
            table.AddRow(
                $"{row.Board}{(row.Promised ? "" : "*")}", $"{row.Solved}/{row.Seeds}", $"{row.Verified}", $"{row.Iterations:f1}", $"{row.StalledOnSmall:p0}",
                $"{row.Escalations}", $"{row.Diversified}", $"{row.Votes}");
        }

        return table;
    }

    private string Describe() => $"{_settled.Count} of {total} starts settled after {Volatile.Read(ref _rounds)} rounds";
}
