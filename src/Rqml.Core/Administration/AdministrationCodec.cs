using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Protocol;

namespace Rqml.Administration;

/// <summary>Wishes of operators and the answers to them as protobuf records. Reading refuses what nobody of ours would say.</summary>
internal static class AdministrationCodec
{
    private const int LongestReason = 1_024;

    public static AdministrationBody Write(AdministrationRequest request) => new()
    {
        Kind = (int)request.Kind,
        Node = request.Node.Value,
        Reason = request.Reason,
        Begun = request.Begun,
        Start = request.Start.Value,
    };

    public static AdministrationRequest Read(AdministrationBody record)
    {
        var kind = (AdministrationKind)Check.InRange(record.Kind, (int)AdministrationKind.ListNodes, (int)AdministrationKind.Fail, "The kind of a wish");
        return new AdministrationRequest(kind)
        {
            Node = record.Node.Length > 0 ? Records.ReadNode(record.Node) : default,
            Reason = Check.Length(record.Reason, 0, LongestReason, "The reason of a wish"),
            Begun = record.Begun,
            Start = new Incarnation(record.Start),
        };
    }

    public static FailOrderBody Write(FailOrder order) => new() { Asker = Records.Write(order.Asker), Reason = order.Reason };

    public static FailOrder Read(FailOrderBody record) => new(Records.Read(record.Asker), Check.Length(record.Reason, 1, LongestReason, "The reason of a failure"));

    public static AdministeredBody Write(AdministrationAnswer answer)
    {
        var record = new AdministeredBody { Verdict = (int)answer.Verdict, Begun = answer.Begun, Start = answer.Start.Value, ParkedTotal = answer.ParkedTotal };
        if (answer.Ledger.Value.Length > 0) record.Ledger = answer.Ledger.Value;
        record.Nodes.AddRange(answer.Nodes.Select(Write));
        record.Parked.AddRange(answer.Parked.Select(Write));
        return record;
    }

    public static AdministrationAnswer Read(AdministeredBody record) =>
        new((AdministrationVerdict)Check.InRange(record.Verdict, (int)AdministrationVerdict.Done, (int)AdministrationVerdict.LedgerSilent, "A verdict on a wish"))
        {
            Begun = record.Begun,
            Start = new Incarnation(record.Start),
            Ledger = record.HasLedger ? Records.ReadNode(record.Ledger) : default,
            Nodes = [.. record.Nodes.Select(Read)],
            Parked = [.. record.Parked.Select(Read)],
            ParkedTotal = Check.NotNegative(record.ParkedTotal, "A count of parked tasks"),
        };

    public static NodeRoles ReadRoles(int roles) => roles == 0 ? NodeRoles.Worker : (NodeRoles)Check.InRange(roles, 1, (int)NodeRoles.All, "The roles of a node");

    private static AdministeredBody.Types.Node Write(ClusterNode node)
    {
        var record = new AdministeredBody.Types.Node
        {
            Peer = Records.Write(new Peer(node.Id, node.Incarnation, node.Endpoints)),
            Roles = (int)node.Roles,
            Standing = (int)node.Standing,
            Limit = node.Limit,
            Held = node.Held,
            Assigned = node.Assigned,
            SinceHeardMs = (long)node.SinceHeard.TotalMilliseconds,
        };
        if (node.Load is { } load) record.Load = Write(load);
        record.Classes.AddRange(node.Classes.Select(Write));
        return record;
    }

    private static ClusterNode Read(AdministeredBody.Types.Node record)
    {
        var peer = Records.Read(record.Peer);
        var standing = (ClusterStanding)Check.InRange(record.Standing, (int)ClusterStanding.Joining, (int)ClusterStanding.Fencing, "The standing of a node");
        return new ClusterNode(peer.Node, peer.Incarnation, peer.Endpoint, ReadRoles(record.Roles), standing)
        {
            Load = record.Load is { } load ? Read(load) : null,
            Limit = Check.NotNegative(record.Limit, "A node's limit"),
            Held = Check.NotNegative(record.Held, "A count of held tasks"),
            Assigned = Check.NotNegative(record.Assigned, "A count of assigned tasks"),
            Classes = [.. record.Classes.Select(Read)],
            SinceHeard = ReadTime(record.SinceHeardMs, "The time since a node was heard"),
        };
    }

    private static AdministeredBody.Types.Load Write(NodeLoad load)
    {
        var record = new AdministeredBody.Types.Load { Lanes = load.Lanes, Running = load.Running, Waiting = load.Waiting, MemoryPressure = load.MemoryPressure, BytesPerSecond = load.BytesPerSecond };
        foreach (var (kind, free) in load.Devices) record.Devices.Add(kind, free);
        return record;
    }

    private static NodeLoad Read(AdministeredBody.Types.Load record)
    {
        foreach (var (kind, free) in record.Devices)
        {
            Check.Length(kind, 1, 64, "The name of a device kind");
            Check.NotNegative(free, "A count of free devices");
        }

        return new NodeLoad(
            Check.NotNegative(record.Lanes, "A count of lanes"), Check.NotNegative(record.Running, "A count of running attempts"), Check.NotNegative(record.Waiting, "A count of waiting attempts"),
            Check.Share(record.MemoryPressure, "A memory pressure"), record.Devices.ToDictionary(), Check.NotNegative(record.BytesPerSecond, "A bandwidth"));
    }

    private static AdministeredBody.Types.Class Write(ClassVersion @class) => new() { Name = @class.Name, Version = @class.Version };

    private static ClassVersion Read(AdministeredBody.Types.Class? record)
    {
        var key = Records.ReadClass(record?.Name ?? "", record?.Version ?? 0);
        return new ClassVersion(key.Name, key.Version);
    }

    private static AdministeredBody.Types.Parked Write(ParkedTask parked)
    {
        var record = new AdministeredBody.Types.Parked { Task = Records.Write(parked.Task), Class = Write(parked.Class), Why = (int)parked.Why, WaitingMs = (long)parked.Waiting.TotalMilliseconds };
        if (parked.Node is { } node) record.Node = node.Value;
        return record;
    }

    private static ParkedTask Read(AdministeredBody.Types.Parked record) => new(
        Records.ReadTask(record.Task), Read(record.Class),
        (ParkedFor)Check.InRange(record.Why, (int)ParkedFor.ServingNode, (int)ParkedFor.NodeToItself, "What a parked task waits for"),
        ReadTime(record.WaitingMs, "The time for which a task has been parked"), record.HasNode ? Records.ReadNode(record.Node) : null);

    private static TimeSpan ReadTime(long milliseconds, string what) => TimeSpan.FromMilliseconds(Check.InRange(milliseconds, 0, (long)TimeSpan.MaxValue.TotalMilliseconds / 2, what));
}
