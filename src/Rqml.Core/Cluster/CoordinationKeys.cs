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
        Prefix = $"/rqml/{cluster}/";
        Leader = Prefix + "leader";
        Generation = Prefix + "generation";
    }

    public string Prefix { get; }

    /// <summary>Names the start of a process that leads; the revision of its write is the term.</summary>
    public string Leader { get; }

    /// <summary>Raised by an operator after the store was restored; absent: 1.</summary>
    public string Generation { get; }

    public string Node(NodeId node) => $"{Prefix}node/{node}";

    /// <summary>Its presence says that this start of the node is over, whatever it still does.</summary>
    public string Fence(NodeId node, Incarnation incarnation) => $"{Prefix}fence/{node}/{incarnation.Value:x16}";

    /// <summary>The registered starts of nodes that no fence names.</summary>
    public IEnumerable<Peer> Members(CoordinationSnapshot snapshot)
    {
        foreach (var entry in snapshot.Entries)
        {
            if (!entry.Key.StartsWith(Prefix + "node/", StringComparison.Ordinal)) continue;
            var member = Read(entry).Peer;
            if (snapshot.Find(Fence(member.Node, member.Incarnation)) is null) yield return member;
        }
    }

    public static ReadOnlyMemory<byte> Write(Peer peer, ulong nonce) => new MemberRecord { Peer = Records.Write(peer), Nonce = nonce }.ToByteArray();

    public static ReadOnlyMemory<byte> Write(long generation) => new GenerationRecord { Generation = generation }.ToByteArray();

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
