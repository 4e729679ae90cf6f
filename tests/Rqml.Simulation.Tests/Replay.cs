using System.Diagnostics;
using Rqml.Testing.Simulation;

namespace Rqml.Simulation.Tests;

/// <summary>What two runs of a seed have in common, wherever they run.</summary>
internal static class Replay
{
    public static string Of(SimulatedCluster cluster)
    {
        cluster.Run();
        return FormattableString.Invariant($"{cluster.Events} {cluster.Trace:x16}");
    }

    /// <summary>Runs the seeds in a process of their own, whose strings have other hash codes than ours.</summary>
    public static async Task<IReadOnlyList<string>> ElsewhereAsync(IEnumerable<ulong> seeds)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Replay).Assembly.Location, .. seeds.Select(seed => FormattableString.Invariant($"{seed}"))]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("A process did not start.");
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
