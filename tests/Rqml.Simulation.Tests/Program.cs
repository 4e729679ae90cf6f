using System.Globalization;
using Rqml.Testing.Simulation;

// SEED…: runs each, and says what can be compared with the same in another process.
foreach (var seed in args.Select(word => ulong.Parse(word, CultureInfo.InvariantCulture))) Console.WriteLine(Rqml.Simulation.Tests.Replay.Of(new SimulatedCluster(seed)));
return 0;
