using Microsoft.Extensions.Options;
using Rqml.Supervision.Events;

namespace Rqml.Hosting;

/// <summary>Every option of a host, with its range: what validation, configuration and reload go by.</summary>
internal static class KnownOptions
{
    private const string NameRange = "1 to 64 letters, digits, '-', '_' or '.'";
    private const string ShareRange = "above 0, to 1";

    public static IReadOnlyList<HostOption> All { get; } =
    [
        HostOption.Text(nameof(RqmlOptions.NodeName), NameRange, options => options.NodeName, (options, value) => options.NodeName = value, NodeId.IsValid),
        HostOption.Integer(nameof(RqmlOptions.Lanes), "1 to 4,096", options => options.Lanes, (options, value) => options.Lanes = value, value => value is >= 1 and <= RqmlOptions.MaxLanes),
        HostOption.Integer(nameof(RqmlOptions.InboundPerLane), "1 to 64", options => options.InboundPerLane, (options, value) => options.InboundPerLane = value, value => value is >= 1 and <= 64),
        HostOption.Integer(nameof(RqmlOptions.MaxOpenTasks), "1 to 10,000,000", options => options.MaxOpenTasks, (options, value) => options.MaxOpenTasks = value, value => value is >= 1 and <= 10_000_000),
        HostOption.OptionalTime(nameof(RqmlOptions.KeepResults), "zero to 3650 days", options => options.KeepResults, (options, value) => options.KeepResults = value, value => IsWithin(value, TimeSpan.Zero, TimeSpan.FromDays(3650))),
        HostOption.Integer(nameof(RqmlOptions.MaxKeptResults), "1 to 100,000,000", options => options.MaxKeptResults, (options, value) => options.MaxKeptResults = value, value => value is >= 1 and <= 100_000_000),
        HostOption.Time(nameof(RqmlOptions.AgeEvery), "1 s to 1 day", options => options.AgeEvery, (options, value) => options.AgeEvery = value, value => IsWithin(value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))),
        HostOption.Time(nameof(RqmlOptions.Heartbeat), "50 ms to 2 s", options => options.Heartbeat, (options, value) => options.Heartbeat = value, value => IsWithin(value, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2))),
        HostOption.Seed(nameof(RqmlOptions.Seed), options => options.Seed, (options, value) => options.Seed = value),
        HostOption.Integer(nameof(RqmlOptions.MaxAbandonedWorkers), "1 to 1,024", options => options.MaxAbandonedWorkers, (options, value) => options.MaxAbandonedWorkers = value, value => value is >= 1 and <= 1_024),
        HostOption.Time(nameof(RqmlOptions.DrainTimeout), "zero to 1 h", options => options.DrainTimeout, (options, value) => options.DrainTimeout = value, value => IsWithin(value, TimeSpan.Zero, TimeSpan.FromHours(1))),
        HostOption.Text(nameof(RqmlOptions.Cluster), NameRange, options => options.Cluster, (options, value) => options.Cluster = value, NodeId.IsValid),
        HostOption.Integer(nameof(RqmlOptions.LinkWindowBytes), "256 KiB to 256 MiB", options => options.LinkWindowBytes, (options, value) => options.LinkWindowBytes = value, value => value is >= 256 << 10 and <= 256 << 20),
        HostOption.Flag(nameof(RqmlOptions.AllowPlaintext), options => options.AllowPlaintext, (options, value) => options.AllowPlaintext = value),
        HostOption.Flag(nameof(RqmlOptions.CopyCheckpoints), options => options.CopyCheckpoints, (options, value) => options.CopyCheckpoints = value),
        HostOption.Time(nameof(RqmlOptions.WorkAloneAfter), "5 s to 1 day", options => options.WorkAloneAfter, (options, value) => options.WorkAloneAfter = value, value => IsWithin(value, TimeSpan.FromSeconds(5), TimeSpan.FromDays(1))),
        HostOption.Time(nameof(RqmlOptions.KeepUndelivered), "1 min to 3650 days", options => options.KeepUndelivered, (options, value) => options.KeepUndelivered = value, value => IsWithin(value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650))),
        HostOption.Integer(nameof(RqmlOptions.MaxUndeliveredBytes), "1 MiB to 1 GiB", options => options.MaxUndeliveredBytes, (options, value) => options.MaxUndeliveredBytes = value, value => value is >= 1 << 20 and <= 1 << 30),

        HostOption.Number(EventKey(nameof(EventOptions.NoveltyAt)), ShareRange, options => options.Events.NoveltyAt, (options, value) => options.Events.NoveltyAt = value, value => value is > 0 and <= 1),
        HostOption.Number(EventKey(nameof(EventOptions.ConsistencyBelow)), ShareRange, options => options.Events.ConsistencyBelow, (options, value) => options.Events.ConsistencyBelow = value, value => value is > 0 and <= 1),
        HostOption.Number(EventKey(nameof(EventOptions.DisagreementAt)), ShareRange, options => options.Events.DisagreementAt, (options, value) => options.Events.DisagreementAt = value, value => value is > 0 and <= 1),
        HostOption.Number(EventKey(nameof(EventOptions.SpikeZ)), "1 to 1,000", options => options.Events.SpikeZ, (options, value) => options.Events.SpikeZ = value, value => value is >= 1 and <= 1_000),
        HostOption.Integer(EventKey(nameof(EventOptions.SpikeSamples)), "8 to 128", options => options.Events.SpikeSamples, (options, value) => options.Events.SpikeSamples = value, value => value is >= 8 and <= SpikeDetector.Window),
        HostOption.Integer(EventKey(nameof(EventOptions.Capacity)), "1 to 65,536", options => options.Events.Capacity, (options, value) => options.Events.Capacity = value, value => value is >= 1 and <= 65_536),
        HostOption.Number(EventKey(nameof(EventOptions.PerSecond)), "0.01 to 10,000", options => options.Events.PerSecond, (options, value) => options.Events.PerSecond = value, value => value is >= 0.01 and <= 10_000),
        HostOption.Integer(EventKey(nameof(EventOptions.Burst)), "1 to 10,000", options => options.Events.Burst, (options, value) => options.Events.Burst = value, value => value is >= 1 and <= 10_000),
    ];

    private static string EventKey(string name) => $"{nameof(RqmlOptions.Events)}:{name}";

    private static bool IsWithin(TimeSpan value, TimeSpan least, TimeSpan most) => value >= least && value <= most;
}

/// <summary>Names every fault of <see cref="RqmlOptions"/> at once.</summary>
internal sealed class RqmlOptionsValidator : IValidateOptions<RqmlOptions>
{
    public ValidateOptionsResult Validate(string? name, RqmlOptions options)
    {
        string[] faults = [.. KnownOptions.All.Select(option => option.FaultOf(options)).OfType<string>()];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
