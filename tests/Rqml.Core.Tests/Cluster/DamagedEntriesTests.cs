using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

/// <summary>Entries of the coordination store that hold nothing readable: told, and gone by, never fallen over.</summary>
public sealed class DamagedEntriesTests
{
    private static readonly CoordinationKeys Keys = new("damaged");
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "");
    private static readonly Peer Other = new(new NodeId("other"), new Incarnation(2), "");
    private static readonly byte[] Garbage = [0xFF, 0xFF, 0xFF];

    private readonly LeadershipMachine _machine = new(Self, Keys, isCandidate: true, seed: 1);
    private readonly EffectBuffer<LeadershipEffect> _effects = new();
    private long _nowMs = 1_000;
    private ulong _nonce;

    public DamagedEntriesTests() => Step(LeadershipEvent.Granted(new LeaseId(1)));

    [Theory]
    [InlineData("leader")]
    [InlineData("generation")]
    public void Nobody_takes_over_while_it_cannot_be_read_who_leads(string name)
    {
        var damaged = Entry(Keys.Prefix + name, Garbage, 5);
        Assert.Equal([LeadershipEffectKind.Stuck], Step(Saw(5, damaged)).Select(effect => effect.Kind));
        Assert.Empty(Step(Saw(6, damaged)));      // it was told
        Assert.Empty(Step(LeadershipEvent.PeerGone(Other)));

        var asked = Tick(atMostMs: 5_000);
        Assert.Contains(asked, effect => effect.Kind == LeadershipEffectKind.ReadAll);
        Assert.DoesNotContain(asked, effect => effect.Kind == LeadershipEffectKind.Commit);

        var elected = Assert.Single(Step(Saw(7)), effect => effect.Kind == LeadershipEffectKind.Commit);      // the entry has gone
        Assert.Equal(Keys.Leader, elected.Transaction!.Changes[0].Key);
    }

    [Fact]
    public void A_leader_whose_entry_was_written_over_leads_no_longer()
    {
        var term = Lead();
        Assert.Equal([LeadershipEffectKind.Stuck, LeadershipEffectKind.Deposed], Step(Saw(9, Entry(Keys.Leader, Garbage, 9))).Select(effect => effect.Kind));
        Assert.Null(_machine.Leads);
        Assert.Empty(Step(LeadershipEvent.Fence(Other, term)));
    }

    [Fact]
    public void A_term_begins_without_the_members_whose_entries_are_damaged_and_they_register_again()
    {
        var torn = Entry(Keys.Node(new NodeId("torn")), Garbage, 2);
        var misplaced = Entry(Keys.Node(new NodeId("misplaced")), CoordinationKeys.Write(Self, 1), 3);
        var whole = Entry(Keys.Node(Other.Node), CoordinationKeys.Write(Other, 1), 4);
        var term = Lead(torn, misplaced, whole);
        var begun = _effects.Effects.ToArray();

        Assert.Equal([torn.Key, misplaced.Key], begun.Where(effect => effect.Kind == LeadershipEffectKind.SkippedMember).Select(effect => effect.Key));
        Assert.Equal([Other], begun.Single(effect => effect.Kind == LeadershipEffectKind.Elected).Members);

        var back = new Peer(new NodeId("torn"), new Incarnation(7), "");
        Assert.Equal(torn.Key, Assert.Single(Step(LeadershipEvent.Register(back, term))).Transaction!.Changes[0].Key);
        var registered = Step(Saw(9, Leading(7), Entry(torn.Key, CoordinationKeys.Write(back, 2), 9)));
        Assert.Equal(back, registered.Single(effect => effect.Kind == LeadershipEffectKind.Registered).Peer);
    }

    /// <summary>The machine is elected by revision 7, and sees these members.</summary>
    private Term Lead(params CoordinationEntry[] members)
    {
        _nonce = Step(Saw(5, members)).Single(effect => effect.Kind == LeadershipEffectKind.Commit).Nonce;
        Step(LeadershipEvent.Committed(_nonce, 7));
        Step(Saw(7, [Leading(7), .. members]));
        return _machine.Leads!.Value;
    }

    private CoordinationEntry Leading(long revision) => Entry(Keys.Leader, CoordinationKeys.Write(Self, _nonce), revision);

    private static LeadershipEvent Saw(long revision, params CoordinationEntry[] entries) => LeadershipEvent.Saw(new CoordinationSnapshot(revision, entries));

    private static CoordinationEntry Entry(string key, ReadOnlyMemory<byte> value, long revision) => new(key, value, revision, revision, LeaseId.None);

    private LeadershipEffect[] Step(in LeadershipEvent @event)
    {
        _effects.Clear();
        _machine.Step(@event, _nowMs, _effects);
        return _effects.Effects.ToArray();
    }

    /// <summary>Renews the lease whenever it is due, until something else is done or the time is over.</summary>
    private LeadershipEffect[] Tick(long atMostMs)
    {
        var untilMs = _nowMs + atMostMs;
        while (_machine.NextDueMs <= untilMs)
        {
            _nowMs = _machine.NextDueMs;
            _effects.Clear();
            _machine.Tick(_nowMs, _effects);
            var made = _effects.Effects.ToArray();
            if (!made.All(effect => effect.Kind == LeadershipEffectKind.RenewLease)) return made;
            Step(LeadershipEvent.Renewed());
        }

        return [];
    }
}
