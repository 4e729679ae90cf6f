using System.Diagnostics;

namespace Rqml.Soak.Fabric;

/// <summary>An application and its worker in processes of their own, under load, each killed and started again; judged at settlement by what the application wrote down.</summary>
internal sealed class TaskSoak(RealTransport transport, int restarts, ulong seed, TextWriter output)
{
    private const string Node = "worker";
    private const int WorkersALife = 2;

    private readonly Random _random = new((int)seed);
    private int _kills;
    private int _workerKills;

    public async Task<bool> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await using var crew = new Crew(transport, seed);
        for (var round = 1; round <= restarts; round++) await LiveAsync(crew, isLast: round == restarts);
        var judge = crew.Judge;
        judge.Close();
        await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: {judge.Submitted:N0} tasks, {judge.Calls:N0} model calls in {clock.Elapsed.TotalSeconds:0} s, {_kills} times kill -9 of the submitter and {_workerKills} of the worker: {crew.Verdict}"));
        foreach (var fault in crew.Faults) await output.WriteLineAsync($"FAULT: {fault}");
        return crew.Holds && _kills == restarts - 1 && _workerKills == WorkersALife * restarts;
    }

    /// <summary>Both start, and both are killed, the worker twice. The last life of the application ends in order, with whatever is open settled.</summary>
    private async Task LiveAsync(Crew crew, bool isLast)
    {
        var application = await crew.StartApplicationAsync(isToBeKilled: !isLast);
        var first = crew.StartWorker(Node);
        await PauseAsync();
        if (await crew.KillAsync(first)) _workerKills++;

        var second = crew.StartWorker(Node);
        await PauseAsync();
        if (isLast) await crew.EndAsync(application);
        else if (await crew.KillAsync(application)) _kills++;
        if (await crew.KillAsync(second)) _workerKills++;
        crew.Take();
    }

    private Task PauseAsync() => Task.Delay(TimeSpan.FromSeconds(0.8 + 1.5 * _random.NextDouble()));
}
