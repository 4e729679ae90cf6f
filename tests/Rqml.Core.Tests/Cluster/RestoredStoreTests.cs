using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Cluster;

/// <summary>A coordination store that was restored from a backup: refused by whoever knows better, until its generation was raised.</summary>
public sealed class RestoredStoreTests
{
    private static readonly CoordinationKeys Keys = new("restored");
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "");
    private static readonly Peer Other = new(new NodeId("other"), new Incarnation(2), "");

    private readonly EffectBuffer<LeadershipEffect> _effects = new();
    private LeadershipMachine _machine = new(Self, Keys, isCandidate: true, seed: 1);
    private long _nowMs = 1_000;

    public RestoredStoreTests()
    {
        _machine.Tick(_nowMs, _effects);
        Step(LeadershipEvent.Granted(new LeaseId(1)));
    }

    [Fact]
    public void An_answer_from_before_its_question_is_refused_and_that_is_told_once()
    {
        Step(Watched(90, Led(90)));
        var refused = Assert.Single(Step(Answered(40, known: new Term(1, 90))));
        Assert.Equal((LeadershipEffectKind.RefusedStore, new Term(1, 90), new Term(1, 40)), (refused.Kind, refused.Term, refused.Found));

        Assert.Empty(Step(Answered(41, known: new Term(1, 90))));
        Assert.Empty(Step(LeadershipEvent.PeerGone(Other)));      // nobody takes over in a store that is not trusted
    }

    [Fact]
    public void A_store_that_is_refused_is_asked_again_and_not_all_the_time()
    {
        Step(Watched(90, Led(90)));
        Step(Answered(40, known: new Term(1, 90)));

        Assert.Equal(1, QuestionsWithin(5_000));
    }

    [Fact]
    public void A_watch_that_is_behind_is_no_reason_to_refuse()
    {
        Step(Watched(90, Led(90)));
        Assert.Empty(Step(Watched(40)));
        Assert.Empty(Step(Answered(89, known: new Term(1, 88))));      // read before the watch told, answered after it
    }

    [Fact]
    public void A_new_start_of_a_node_refuses_a_store_that_has_not_come_to_the_term_which_its_disk_remembers()
    {
        _machine = new LeadershipMachine(Self, Keys, isCandidate: true, seed: 1, known: new Term(1, 90));
        Step(LeadershipEvent.Granted(new LeaseId(1)));

        Assert.Equal([LeadershipEffectKind.RefusedStore], Step(Answered(40, known: new Term(1, 90))).Select(effect => effect.Kind));
    }

    [Fact]
    public void A_generation_smaller_than_the_one_that_the_disk_remembers_is_refused_whatever_the_revision()
    {
        _machine = new LeadershipMachine(Self, Keys, isCandidate: true, seed: 1, known: new Term(3, 90));
        Step(LeadershipEvent.Granted(new LeaseId(1)));

        Assert.Equal([LeadershipEffectKind.RefusedStore], Step(Answered(500, known: new Term(3, 90), Raised(2, 400))).Select(effect => effect.Kind));
    }

    [Fact]
    public void Whoever_leads_writes_no_fence_into_a_store_that_is_refused()
    {
        var term = Lead(at: 90);
        Step(Answered(40, known: new Term(1, 90)));

        Assert.Empty(Step(LeadershipEvent.Fence(Other, term)));
        Assert.Equal(term, _machine.Leads);      // as in an outage: what it gave out goes on
    }

    [Fact]
    public void Once_the_generation_was_raised_the_store_is_trusted_and_a_term_greater_than_all_before_begins()
    {
        var before = Lead(at: 90);
        Step(Answered(40, known: new Term(1, 90)));

        var trusted = Step(Answered(42, known: new Term(1, 90), Led(30), Raised(2, 42)));
        Assert.Equal([LeadershipEffectKind.TrustedStore, LeadershipEffectKind.Deposed, LeadershipEffectKind.Commit], trusted.Select(effect => effect.Kind));
        Step(LeadershipEvent.Committed(trusted[^1].Nonce, 43));
        Step(Watched(43, Entry(Keys.Leader, CoordinationKeys.Write(Self, trusted[^1].Nonce), 43), Raised(2, 42)));

        Assert.Equal(new Term(2, 43), _machine.Leads);
        Assert.True(_machine.Leads > before);
    }

    [Fact]
    public void A_raise_ends_the_leadership_that_it_finds_and_nobody_waits_for_its_lease()
    {
        Step(Watched(90, Led(90)));
        var stood = Step(Watched(91, Led(90), Raised(2, 91)));

        var election = Assert.Single(stood);      // nor does anybody follow a term that nobody has begun
        Assert.Equal(LeadershipEffectKind.Commit, election.Kind);
        Assert.Equal([new Compare.ModifiedAt(Keys.Leader, 90), new Compare.ModifiedAt(Keys.Generation, 91)], election.Transaction!.Compares);
    }

    [Fact]
    public void Each_term_that_is_followed_is_written_down()
    {
        Assert.Equal([LeadershipEffectKind.Remember, LeadershipEffectKind.Follow], Step(Watched(90, Led(90))).Select(effect => effect.Kind));
    }

    private Term Lead(long at)
    {
        var nonce = Step(Watched(at - 1)).Single(effect => effect.Kind == LeadershipEffectKind.Commit).Nonce;
        Step(LeadershipEvent.Committed(nonce, at));
        Step(Watched(at, Entry(Keys.Leader, CoordinationKeys.Write(Self, nonce), at)));
        return _machine.Leads!.Value;
    }

    private static CoordinationEntry Led(long revision) => Entry(Keys.Leader, CoordinationKeys.Write(Other, 5), revision);

    private static CoordinationEntry Raised(long generation, long revision) => Entry(Keys.Generation, CoordinationKeys.Write(generation, 1), revision);

    private static LeadershipEvent Watched(long revision, params CoordinationEntry[] entries) => LeadershipEvent.Saw(new CoordinationSnapshot(revision, entries));

    private static LeadershipEvent Answered(long revision, Term known, params CoordinationEntry[] entries) => LeadershipEvent.Read(new CoordinationSnapshot(revision, entries), known);

    private static CoordinationEntry Entry(string key, ReadOnlyMemory<byte> value, long revision) => new(key, value, revision, revision, LeaseId.None);

    private LeadershipEffect[] Step(in LeadershipEvent @event)
    {
        _effects.Clear();
        _machine.Step(@event, _nowMs, _effects);
        return _effects.Effects.ToArray();
    }

    private int QuestionsWithin(long ms)
    {
        var (untilMs, asked) = (_nowMs + ms, 0);
        while (_machine.NextDueMs <= untilMs)
        {
            _nowMs = _machine.NextDueMs;
            _effects.Clear();
            _machine.Tick(_nowMs, _effects);
            foreach (var effect in _effects.Effects.ToArray())
            {
                if (effect.Kind == LeadershipEffectKind.RenewLease) Step(LeadershipEvent.Renewed());
                else if (effect.Kind == LeadershipEffectKind.ReadAll) asked++;
            }
        }

        return asked;
    }
}
