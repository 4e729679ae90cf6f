using Google.Protobuf;
using Rqml.Messaging;
using Rqml.Protocol;

namespace Rqml.Cluster;

/// <summary>The keys of one cluster in its coordination store, and what they hold.</summary>
internal sealed class CoordinationKeys
{
    public CoordinationKeys(string cluster)
    {
        if (!NodeId.IsValid(cluster)) throw new ArgumentException($"A cluster's name has 1 to 64 letters, digits, '-', '_' or '.'; this one is '{cluster}'.", nameof(cluster));
        Prefix = $"/rqml/{cluster}/members/";
        Checkpoints = $"/rqml/{cluster}/checkpoints/";
        Leader = Prefix + "leader";
        Generation = Prefix + "generation";
    }

    /// <summary>Who leads, who belongs and who is out: what every process watches as a whole. What tasks leave in the store lies elsewhere.</summary>
    public string Prefix { get; }

    /// <summary>Where small checkpoints lie that nodes copy out.</summary>
    public string Checkpoints { get; }

    /// <summary>Names the start of a process that leads; the revision of its write is the term.</summary>
    public string Leader { get; }

    /// <summary>Raised by an operator after the store was restored; absent: 1.</summary>
    public string Generation { get; }

    public string Node(NodeId node) => $"{Prefix}node/{node}";

    public bool IsFence(string key) => key.StartsWith(Prefix + "fence/", StringComparison.Ordinal);

    public bool IsNode(string key) => key.StartsWith(Prefix + "node/", StringComparison.Ordinal);

    /// <summary>Its presence says that this start of the node is over, whatever it still does.</summary>
    public string Fence(NodeId node, Incarnation incarnation) => $"{Prefix}fence/{node}/{incarnation.Value:x16}";

    public string Checkpoint(TaskId task) => Checkpoints + task;

    /// <summary>The task whose checkpoint the key holds; null where somebody else has put something there.</summary>
    public TaskId? TaskOf(string key) => key.StartsWith(Checkpoints, StringComparison.Ordinal) && TaskId.TryParse(key.AsSpan(Checkpoints.Length), null, out var task) ? task : null;

    /// <summary>The registered starts of nodes that no fence names, and the keys of entries that hold none: such a node registers itself again when it reports.</summary>
    public (IReadOnlyList<Peer> Members, IReadOnlyList<string> Damaged) Members(CoordinationSnapshot snapshot)
    {
        var members = new List<Peer>();
        var damaged = new List<string>();
        foreach (var entry in snapshot.Entries)
        {
            if (!IsNode(entry.Key)) continue;
            if (TryRead(entry) is not { Peer: var member } || Node(member.Node) != entry.Key) damaged.Add(entry.Key);
            else if (snapshot.Find(Fence(member.Node, member.Incarnation)) is null) members.Add(member);
        }

        return (members, damaged);
    }

    public static ReadOnlyMemory<byte> Write(Peer peer, ulong nonce) => new MemberRecord { Peer = Records.Write(peer), Nonce = nonce }.ToByteArray();

    public static ReadOnlyMemory<byte> Write(long generation, ulong nonce) => new GenerationRecord { Generation = generation, Nonce = nonce }.ToByteArray();

    /// <exception cref="RecordDamagedException">The entry does not hold a member.</exception>
    public static Member Read(CoordinationEntry entry)
    {
        try
        {
            var record = MemberRecord.Parser.Read(entry.Value.Span);
            return new Member(Records.Read(record.Peer), record.Nonce);
        }
        catch (RecordDamagedException error)
        {
            throw new RecordDamagedException($"'{entry.Key}' of the coordination store holds no member.", error);
        }
    }

    /// <summary>The member that the entry holds; null where it is damaged. Others write to the store, so that this is a fact to go by and no error of ours.</summary>
    public static Member? TryRead(CoordinationEntry entry)
    {
        try
        {
            return Read(entry);
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>The generation that the entry holds, 1 where there is none; null where it is damaged.</summary>
    public static long? TryReadGeneration(CoordinationEntry? entry)
    {
        try
        {
            return ReadGeneration(entry);
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <exception cref="RecordDamagedException">The entry does not hold a generation.</exception>
    public static long ReadGeneration(CoordinationEntry? entry)
    {
        if (entry is null) return 1;
        try
        {
            return Check.InRange(GenerationRecord.Parser.Read(entry.Value.Span).Generation, 1, Records.MaxGeneration, "A generation");
        }
        catch (RecordDamagedException error)
        {
            throw new RecordDamagedException($"'{entry.Key}' of the coordination store holds no generation.", error);
        }
    }
}

/// <summary>A member as a key names it, and the nonce of the write.</summary>
internal readonly record struct Member(Peer Peer, ulong Nonce);
