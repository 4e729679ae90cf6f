namespace Rqml.Nodes;

/// <summary>Declares the devices of one kind that a node has beside its processors. Asked once, when the node starts.</summary>
public interface IDeviceProvider
{
    /// <summary>The kind that models ask for with <c>AddModel(…, device: "cuda")</c>. Not "cpu": processors are the host's own.</summary>
    string Device { get; }

    /// <summary>Worker lanes of this kind: passes that may be at work on its devices at once; zero where the machine has none. Up to 1,024.</summary>
    ValueTask<int> CountLanesAsync(CancellationToken cancellationToken);
}

/// <summary>A device provider gave a kind or a number of lanes that no node can have.</summary>
public sealed class DeviceRefusedException(string device, int lanes, string cause) : RqmlException($"The devices '{device}' with {lanes} lanes were refused: {cause}.")
{
    /// <summary>Kind of device.</summary>
    public string Device { get; } = device;

    /// <summary>Lanes that it declared.</summary>
    public int Lanes { get; } = lanes;
}
