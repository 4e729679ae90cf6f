using System.Collections.Concurrent;
using System.Diagnostics;
using Rqml.Testing.Simulation;

namespace Rqml.Simulation.Tests;

/// <summary>What two runs of a seed have in common, wherever they run.</summary>
internal static class Replay
{
    private static readonly ConcurrentDictionary<(string Kind, ulong Seed), string> First = new();

    public static string Of(ISimulatedRun run)
    {
        run.Run();
        return Read(run);
    }

    /// <summary>The first run of the seed in this process; made now where no test has made it yet.</summary>
    public static string FirstOf(string kind, ulong seed, Func<ulong, ISimulatedRun> runOf) => First.GetOrAdd((kind, seed), _ => Of(runOf(seed)));

    /// <summary>Keeps what has been run.</summary>
    public static void Ran(string kind, ulong seed, ISimulatedRun run) => First.TryAdd((kind, seed), Read(run));

    /// <summary>Runs the seeds in a process of their own, whose strings have other hash codes than ours.</summary>
    /// <param name="kind">Of runs: <c>simulation</c> or <c>large</c>.</param>
    /// <param name="seeds">In their order.</param>
    public static async Task<IReadOnlyList<string>> ElsewhereAsync(string kind, IEnumerable<ulong> seeds)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Replay).Assembly.Location, kind, .. seeds.Select(seed => FormattableString.Invariant($"{seed}"))]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("A process did not start.");
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Read(ISimulatedRun run) => FormattableString.Invariant($"{run.Events} {run.Trace:x16}");
}
