using System.Diagnostics;
using System.Globalization;

namespace Rqml.Soak.Fabric;

/// <summary>An application and its worker in processes of their own, under load, each killed and started again; judged at settlement by what the application wrote down.</summary>
internal sealed class TaskSoak(RealTransport transport, int restarts, ulong seed, TextWriter output)
{
    private const int KeepSeconds = 60;
    private const int HeardAgainPerLife = 200;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Judge _judge = new(Grace);
    private readonly Random _random = new((int)seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private int _lives;
    private int _kills;
    private int _workerKills;
    private string _left = "";

    public async Task<bool> RunAsync()
    {
        try
        {
            var clock = Stopwatch.StartNew();
            var scheduler = transport.NewAddress(_folder, Application.Node).AbsoluteUri;
            var listen = transport.NewAddress(_folder, "worker").AbsoluteUri;
            for (var round = 1; round <= restarts; round++) await LiveAsync(scheduler, listen, isLast: round == restarts);
            _judge.Close();
            await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: {_judge.Submitted:N0} tasks, {_judge.Calls:N0} model calls in {clock.Elapsed.TotalSeconds:0} s, {_kills} times kill -9 of the submitter and {_workerKills} of the worker: {_judge.Heard:N0} settled, {_judge.Lost} lost, {_judge.SettledTwice} settled twice, {_judge.Wrong} wrong, {_left}"));
            foreach (var fault in _judge.Faults) await output.WriteLineAsync($"FAULT: {fault}");
            return _judge is { Lost: 0, SettledTwice: 0, Wrong: 0 } && _left.EndsWith("open 0", StringComparison.Ordinal) && _kills + _workerKills >= restarts;
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Both start; one or both are killed. The last life ends in order, with whatever is open settled.</summary>
    private async Task LiveAsync(string scheduler, string listen, bool isLast)
    {
        var life = ++_lives;
        using (var inheritance = File.Create(Journal.InheritanceOf(_folder, life)))
        {
            foreach (var entry in _judge.Inheritance(HeardAgainPerLife)) inheritance.Write(entry.ToBytes());
        }

        await using var application = ApplicationProcess.Start(new ApplicationSettings(_folder, seed, life, _judge.Submitted + 1, KeepSeconds, IsToBeKilled: !isLast, scheduler), Hear);
        await application.Open;
        _judge.BeginLife(Stopwatch.GetTimestamp());
        await using (var worker = StartWorker(life, 1, scheduler, listen))
        {
            await PauseAsync();
            await worker.KillAsync();
            _workerKills++;
        }

        await using var second = StartWorker(life, 2, scheduler, listen);
        await PauseAsync();
        if (isLast) await EndAsync(application);
        else if (await application.KillAsync()) _kills++;
        await second.KillAsync();
        Take(life);
    }

    private static async Task EndAsync(ApplicationProcess application)
    {
        await application.TellAsync("stop 0");
        await application.EndAsync();
    }

    private Child StartWorker(int life, int number, string scheduler, string listen) =>
        Child.Start(Worker.Word, _folder, Text(seed), Text(LogOf(life, number)), scheduler, listen);

    private Task PauseAsync() => Task.Delay(TimeSpan.FromSeconds(0.8 + 1.5 * _random.NextDouble()));

    private void Hear(string line)
    {
        if (line.StartsWith("left ", StringComparison.Ordinal)) _left = line;
    }

    /// <summary>The worker's logs have numbers of their own, beside those of the application's lives.</summary>
    private static int LogOf(int life, int worker) => worker * 1_000 + life;

    private void Take(int life)
    {
        string[] logs = [Journal.TasksOf(_folder, life), .. ((int[])[1, 2]).Select(worker => Journal.CallsOf(_folder, LogOf(life, worker)))];
        foreach (var entry in logs.SelectMany(Entry.In)) _judge.Take(entry);
        foreach (var log in logs) File.Delete(log);
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
