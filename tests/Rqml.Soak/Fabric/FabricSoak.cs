using System.Globalization;

namespace Rqml.Soak.Fabric;

/// <summary>The soak of the fabric: messages, tasks whose processes are killed, tasks of a worker that is killed or stopped, over every real transport, or over those that are named.</summary>
internal static class FabricSoak
{
    public const string Word = "fabric";
    private const int Cuts = 1_000;
    private const int RestartsPerStop = 10;      // a stop takes as long as three

    /// <param name="words">How many messages, how many restarts, and names of transports; none: all.</param>
    public static async Task<int> RunAsync(string[] words)
    {
        if (words is not [var count, var often, .. var names] || !long.TryParse(count, CultureInfo.InvariantCulture, out var messages) || messages < 10_000 || !int.TryParse(often, CultureInfo.InvariantCulture, out var restarts) || restarts < 1)
        {
            await Console.Error.WriteLineAsync("Usage: eng/soak-fabric [messages, 10,000 or more] [restarts, 1 or more] [transport…]");
            return 2;
        }

        var holds = true;
        foreach (var transport in names.Length == 0 ? RealTransport.All : [.. names.Select(RealTransport.Named)])
        {
            holds &= await new MessageSoak(transport, messages, (int)Math.Min(Cuts, messages / 10_000), Console.Out).RunAsync();
            holds &= await new TaskSoak(transport, restarts, 1, Console.Out).RunAsync();
            holds &= await new ApartSoak(transport, 1, Console.Out).RunAsync();
            for (var stop = 1; stop <= Math.Max(1, restarts / RestartsPerStop); stop++) holds &= await new StopSoak(transport, (ulong)stop, Console.Out).RunAsync();
        }

        await Console.Out.WriteLineAsync(holds ? "all of it holds" : "NOT all of it holds");
        return holds ? 0 : 1;
    }
}
