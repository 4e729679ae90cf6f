using Rqml.Messaging;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Stands behind the links of a process, and loses, doubles and delays messages that they have brought: what owners say to one another has to bear more than links
/// do to it, as a link is given up when its peer is away for long. What is late may come to the next start of whoever it was for.
/// </summary>
internal sealed class LossyReceiver(World world, SimulatedNetwork network, SimulatedProcess process, string endpoint, IMessageReceiver receiver) : IMessageReceiver
{
    public SimulatedProcess Process => process;

    public void Receive(in Message message)
    {
        var faults = network.Faults;
        if (world.Chance(faults.Drop))
        {
            network.Struck?.Invoke(Fault.Drop, endpoint);
            return;
        }

        Deliver(message, faults);
        if (!world.Chance(faults.Duplicate)) return;
        network.Struck?.Invoke(Fault.Duplicate, endpoint);
        Deliver(message, faults);
    }

    public void Gone(Peer peer) => receiver.Gone(peer);

    public void Unreachable(Peer peer) => receiver.Unreachable(peer);

    /// <summary>Without further faults.</summary>
    public void Hear(in Message message)
    {
        world.Tell($"{endpoint} gets {message.Kind} {message.Task} {message.Epoch} {message.Number} from {message.From}");
        receiver.Receive(message);
    }

    private void Deliver(in Message message, NetworkFaults faults)
    {
        if (!world.Chance(faults.Delay))
        {
            Hear(message);
            return;
        }

        network.Struck?.Invoke(Fault.Delay, endpoint);
        network.HearLate(endpoint, message);
    }
}
