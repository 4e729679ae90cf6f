namespace Rqml.Supervision.Events;

/// <summary>
/// What a node calls when it has seen or measured something: one method each. Says nothing where the measurement is within its threshold or nobody
/// listens; the rest gets the node's name and the time. Thread-safe.
/// </summary>
internal sealed class EventPublisher(EventBus bus, NodeId node)
{
    private readonly EventOptions _options = bus.Options;
    private readonly SpikeWatch _spikes = new(bus.Options.SpikeZ, bus.Options.SpikeSamples);

    /// <summary>Whether anybody listens: ask before gathering evidence that costs anything.</summary>
    public bool IsWanted(EventKinds kind) => bus.IsWanted(kind);

    /// <summary>The validators have judged an artifact.</summary>
    public void ValidatorsJudged(in EventOrigin origin, double disagreement, IReadOnlyList<string> validators) =>
        Compared(origin, DivergenceForm.Validators, disagreement, validators);

    /// <summary>Passes on the same input were compared.</summary>
    public void PassesCompared(in EventOrigin origin, double disagreement, IReadOnlyList<string> models) =>
        Compared(origin, DivergenceForm.Passes, disagreement, models);

    /// <summary>The score is well below the best, twice running: whoever calls has looked at the history and knows by how much is too much.</summary>
    public void ScoreFell(in EventOrigin origin, double score, double best, string model)
    {
        if (!IsWanted(EventKinds.ModelDivergence)) return;
        Publish(origin, new ModelDivergence { At = bus.Now, Form = DivergenceForm.ScoreFell, Disagreement = best - score, Parties = [model] });
    }

    /// <summary>An artifact was compared with its task's last ones.</summary>
    /// <param name="origin">What it is about.</param>
    /// <param name="novelty">NaN where there was nothing to compare with: no event.</param>
    /// <param name="score">NaN where nothing scores the class.</param>
    public void NoveltyMeasured(in EventOrigin origin, double novelty, double score)
    {
        if (!(novelty >= _options.NoveltyAt) || !IsWanted(EventKinds.NovelFinding)) return;
        Publish(origin, new NovelFinding { At = bus.Now, Novelty = novelty, Threshold = _options.NoveltyAt, Score = score });
    }

    /// <summary>Independent passes on the same input were compared.</summary>
    /// <param name="origin">What it is about.</param>
    /// <param name="consistency">NaN where there was nothing to compare: no event.</param>
    /// <param name="passes">How many.</param>
    /// <param name="models">Whose; not changed afterwards.</param>
    public void ConsistencyMeasured(in EventOrigin origin, double consistency, int passes, IReadOnlyList<string> models)
    {
        if (!(consistency < _options.ConsistencyBelow) || !IsWanted(EventKinds.ConsistencyAnomaly)) return;
        Publish(origin, new ConsistencyAnomaly { At = bus.Now, Consistency = consistency, Threshold = _options.ConsistencyBelow, Passes = passes, Models = models });
    }

    /// <summary>A pass has ended. Durations are gathered only while somebody listens to spikes: others pay nothing for them.</summary>
    public void PassTook(in EventOrigin origin, string model, TimeSpan took)
    {
        if (!IsWanted(EventKinds.PerformanceSpike) || _spikes.Passed(origin.Class ?? "", model, took) is not { } spike) return;
        Publish(origin, new PerformanceSpike { At = bus.Now, Model = model, DurationMs = took.TotalMilliseconds, MedianMs = spike.MedianMs, RobustZ = spike.RobustZ });
    }

    /// <summary>Something is not what it claims to be, and was refused.</summary>
    /// <param name="origin">What it is about.</param>
    /// <param name="concern">What was seen.</param>
    /// <param name="subject">A peer, a store, a key; never a content.</param>
    public void Suspected(in EventOrigin origin, SecurityConcern concern, string subject)
    {
        if (!IsWanted(EventKinds.SecurityFlag)) return;
        Publish(origin, new SecurityFlag { At = bus.Now, Concern = concern, Subject = subject });
    }

    private void Compared(in EventOrigin origin, DivergenceForm form, double disagreement, IReadOnlyList<string> parties)
    {
        if (!(disagreement >= _options.DisagreementAt) || !IsWanted(EventKinds.ModelDivergence)) return;
        Publish(origin, new ModelDivergence { At = bus.Now, Form = form, Disagreement = disagreement, Parties = parties });
    }

    private void Publish(in EventOrigin origin, RqmlEvent @event) =>
        bus.Publish(@event with { Node = node, Class = origin.Class, Task = origin.Task, Attempt = origin.Attempt, Iteration = origin.Iteration });
}
