namespace Rqml.Nodes;

/// <summary>Counts a node's lanes at start: its processors', and those that its device providers declare.</summary>
internal static class DeviceLanes
{
    private const int MaxLanes = 1_024;

    /// <exception cref="DeviceRefusedException">A kind is malformed, "cpu", or declared twice, or a number of lanes is out of range.</exception>
    public static async ValueTask<IReadOnlyDictionary<string, int>> CountAsync(int processors, IEnumerable<IDeviceProvider> providers, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, int> { [NodeSettings.Processor] = processors };
        foreach (var provider in providers)
        {
            var lanes = await provider.CountLanesAsync(cancellationToken);
            if (!DeviceKind.IsValid(provider.Device)) throw new DeviceRefusedException(provider.Device, lanes, $"a kind has {DeviceKind.Range}");
            if (lanes is < 0 or > MaxLanes) throw new DeviceRefusedException(provider.Device, lanes, $"a kind has 0 to {MaxLanes:N0} lanes");
            if (!counts.TryAdd(provider.Device, lanes)) throw new DeviceRefusedException(provider.Device, lanes, "the node has lanes of this kind already");
        }

        return counts.Where(count => count.Value > 0).ToDictionary();
    }
}

/// <summary>As many lanes as the host says.</summary>
internal sealed class FixedDevices(string device, int lanes) : IDeviceProvider
{
    public string Device { get; } = device;

    public ValueTask<int> CountLanesAsync(CancellationToken cancellationToken) =>
        lanes > 0 ? new(lanes) : throw new DeviceRefusedException(Device, lanes, "where it is added there is at least one lane");
}
