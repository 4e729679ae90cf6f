using System.Globalization;
using Rqml.Simulation.Tests;
using Rqml.Testing.Simulation;
using Rqml.Testing.Simulation.Large;
using Rqml.Testing.Simulation.Links;

// KIND SEED…: runs each, and says what can be compared with the same in another process.
Func<ulong, ISimulatedRun> runOf = args[0] switch
{
    "simulation" => static seed => new SimulatedCluster(seed),
    "supervision" => static seed => SimulatedCluster.Supervised(seed),
    "large" => static seed => new LargeCluster(seed),
    "links" => static seed => new SimulatedLinks(seed),
    _ => throw new ArgumentException($"There are no runs of the kind '{args[0]}'."),
};
foreach (var seed in args.Skip(1).Select(word => ulong.Parse(word, CultureInfo.InvariantCulture))) Console.WriteLine(Replay.Of(runOf(seed)));
return 0;
