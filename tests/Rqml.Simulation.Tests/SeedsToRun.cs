using System.Globalization;

namespace Rqml.Simulation.Tests;

/// <summary>Which seeds are run: as many as a test says, unless the environment says otherwise.</summary>
internal static class SeedsToRun
{
    public static IEnumerable<ulong> Of(int seeds)
    {
        if (Environment.GetEnvironmentVariable("RQML_SEED") is { } only) return only.Split(',').Select(seed => ulong.Parse(seed, CultureInfo.InvariantCulture));
        var count = int.Parse(Environment.GetEnvironmentVariable("RQML_SEEDS") ?? $"{seeds}", CultureInfo.InvariantCulture);
        return Enumerable.Range(1, count).Select(seed => (ulong)seed);
    }
}
