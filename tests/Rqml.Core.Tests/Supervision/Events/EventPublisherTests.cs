namespace Rqml.Supervision.Events;

public sealed class EventPublisherTests : IDisposable
{
    private static readonly Attempt Attempt = new(TaskId.Create(1, 1, new LedgerId(1)), new Epoch(1, 1, 1));
    private static readonly EventOrigin Origin = EventOrigin.OfIteration(Attempt, "qa", 3);

    private readonly TestEvents _events = new();
    private readonly EventSubscription _subscription;
    private readonly EventPublisher _publisher;

    public EventPublisherTests()
    {
        _subscription = _events.Bus.Subscribe();
        _publisher = new EventPublisher(_events.Bus, new NodeId("a"));
    }

    public void Dispose() => _events.Dispose();

    [Fact]
    public async Task An_event_says_when_where_and_about_what()
    {
        _publisher.NoveltyMeasured(Origin, 0.9, 0.7);
        _publisher.Suspected(default, SecurityConcern.UnaskedBallot, "b");

        Assert.Equal(
        [
            new NovelFinding { At = _events.Time.GetUtcNow(), Node = new NodeId("a"), Class = "qa", Task = Attempt.Task, Attempt = Attempt, Iteration = 3, Novelty = 0.9, Threshold = 0.8, Score = 0.7 },
            new SecurityFlag { At = _events.Time.GetUtcNow(), Node = new NodeId("a"), Concern = SecurityConcern.UnaskedBallot, Subject = "b" },
        ], await HeardAsync());
    }

    [Fact]
    public async Task Measurements_are_events_from_their_thresholds_on()
    {
        foreach (var novelty in (double[])[double.NaN, 0, 0.79, 0.8, 1]) _publisher.NoveltyMeasured(Origin, novelty, double.NaN);
        foreach (var consistency in (double[])[double.NaN, 1, 0.5, 0.49, 0]) _publisher.ConsistencyMeasured(Origin, consistency, 3, ["small"]);
        foreach (var disagreement in (double[])[double.NaN, 0, 0.39, 0.4, 1]) _publisher.ValidatorsJudged(Origin, disagreement, ["x", "y"]);
        foreach (var disagreement in (double[])[double.NaN, 0, 0.39, 0.4, 1]) _publisher.PassesCompared(Origin, disagreement, ["small", "large"]);
        _publisher.ScoreFell(Origin, 0.25, 0.5, "small");

        var heard = await HeardAsync();
        Assert.Equal([0.8, 1], heard.OfType<NovelFinding>().Select(finding => finding.Novelty));
        Assert.Equal([0.49, 0], heard.OfType<ConsistencyAnomaly>().Select(anomaly => anomaly.Consistency));
        Assert.Equal(
        [
            (DivergenceForm.Validators, 0.4, "x, y"), (DivergenceForm.Validators, 1, "x, y"), (DivergenceForm.Passes, 0.4, "small, large"), (DivergenceForm.Passes, 1, "small, large"),
            (DivergenceForm.ScoreFell, 0.25, "small"),
        ], heard.OfType<ModelDivergence>().Select(divergence => (divergence.Form, divergence.Disagreement, string.Join(", ", divergence.Parties))));
    }

    [Fact]
    public async Task A_pass_is_a_spike_by_the_passes_of_its_own_model_and_class()
    {
        for (var pass = 0; pass < 32; pass++)
        {
            _publisher.PassTook(Origin, "small", TimeSpan.FromMilliseconds(100));
            _publisher.PassTook(Origin, "large", TimeSpan.FromMilliseconds(5_000));
            if (pass < 31) _publisher.PassTook(EventOrigin.OfClass("plans"), "small", TimeSpan.FromMilliseconds(100));
        }

        _publisher.PassTook(Origin, "large", TimeSpan.FromMilliseconds(5_000));
        _publisher.PassTook(EventOrigin.OfClass("plans"), "small", TimeSpan.FromMilliseconds(5_000));      // too few are known
        _publisher.PassTook(Origin, "small", TimeSpan.FromMilliseconds(5_000));

        var spike = Assert.IsType<PerformanceSpike>(Assert.Single(await HeardAsync()));
        Assert.Equal(("qa", "small", 5_000, 100), (spike.Class, spike.Model, spike.DurationMs, spike.MedianMs));
        Assert.Equal(0.6745 * 4_900 / 5, spike.RobustZ, precision: 9);
    }

    private Task<List<RqmlEvent>> HeardAsync()
    {
        _events.Bus.Dispose();
        return TestEvents.AllOf(_subscription);
    }
}
