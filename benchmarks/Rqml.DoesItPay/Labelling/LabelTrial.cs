using System.Diagnostics;
using System.Text.Json;
using MathNet.Numerics.Statistics;
using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Labelling;

/// <summary>All regimes on all batches of one seed: what each answered, and what it cost.</summary>
internal sealed class LabelTrial
{
    // The median of five rounds: a neighbour on the same machine spoils one or two. The round before them warms up.
    private const int Rounds = 5;

    private readonly IReadOnlyList<LabelJob> _jobs;
    private readonly Dictionary<ILabelRegime, List<LabelBatch>> _answers;   // beside _jobs
    private readonly Dictionary<ILabelRegime, double> _costs;
    private readonly Dictionary<ILabelRegime, double> _waits;

    private LabelTrial(IReadOnlyList<LabelJob> jobs, Dictionary<ILabelRegime, List<LabelBatch>> answers, Dictionary<ILabelRegime, double> costs, Dictionary<ILabelRegime, double> waits) =>
        (_jobs, _answers, _costs, _waits) = (jobs, answers, costs, waits);

    public static async Task<LabelTrial> RunAsync(IReadOnlyList<ILabelRegime> regimes, ulong seed)
    {
        var jobs = LabelJob.All(seed);
        var answers = await LabelAsync(regimes, jobs, []);
        foreach (var batch in answers.Values.SelectMany(batches => batches)) MakesTheRoundTrip(batch);
        var costs = regimes.ToDictionary(regime => regime, _ => new List<double>());
        var waits = regimes.ToDictionary(regime => regime, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var before = regimes.ToDictionary(regime => regime, regime => regime.Calls.Nanoseconds);
            var again = await LabelAsync(regimes, jobs, waits);
            foreach (var regime in regimes)
            {
                if (!again[regime].SequenceEqual(answers[regime])) throw new UnreachableException($"'{regime.Name}' answered the same job in two ways.");
                costs[regime].Add((regime.Calls.Nanoseconds - before[regime]) / 1_000.0 / Digits.Test.Count);
            }
        }

        return new LabelTrial(jobs, answers, costs.ToDictionary(cost => cost.Key, cost => cost.Value.Median()), waits.ToDictionary(wait => wait.Key, wait => wait.Value.Median()));
    }

    /// <summary>Accuracy in percent, and processor time in microseconds an image.</summary>
    public Trial Of(ILabelRegime regime)
    {
        var images = Images(regime).ToArray();
        return new Trial(100.0 * images.Count(image => image.IsRight) / images.Length, _costs[regime]);
    }

    /// <summary>What the median batch took on the wall, in microseconds: models and all that is around them.</summary>
    public double WaitOf(ILabelRegime regime) => _waits[regime];

    /// <summary>What a regime left open: its share of all images, and the share of all errors that lie there.</summary>
    public (double Images, double Errors) Flagged(ILabelRegime regime)
    {
        var images = Images(regime).ToArray();
        var errors = images.Where(image => !image.IsRight).ToArray();
        return (Share(images), errors.Length == 0 ? 1 : Share(errors));

        static double Share((bool IsRight, bool IsOpen)[] part) => (double)part.Count(image => image.IsOpen) / part.Length;
    }

    // Batch by batch, and each batch begun by another regime: what the machine does meanwhile meets all alike.
    private static async Task<Dictionary<ILabelRegime, List<LabelBatch>>> LabelAsync(
        IReadOnlyList<ILabelRegime> regimes, IReadOnlyList<LabelJob> jobs, Dictionary<ILabelRegime, List<double>> waits)
    {
        var answers = regimes.ToDictionary(regime => regime, _ => new List<LabelBatch>());
        foreach (var job in jobs)
        {
            for (var turn = 0; turn < regimes.Count; turn++)
            {
                var regime = regimes[(job.Batch + turn) % regimes.Count];
                var started = Stopwatch.GetTimestamp();
                var batch = await regime.LabelAsync(job);
                if (waits.TryGetValue(regime, out var all)) all.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                if (batch.Images.Length != job.Count) throw new UnreachableException($"'{regime.Name}' answered {batch.Images.Length} images of {job.Count}.");
                answers[regime].Add(batch);
            }
        }

        return answers;
    }

    // Between two models of a task an artifact is bytes: what they do not carry, no regime may use.
    private static void MakesTheRoundTrip(LabelBatch batch)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(batch, LabelJson.Default.LabelBatch);
        var back = JsonSerializer.Deserialize(bytes, LabelJson.Default.LabelBatch);
        if (!batch.Equals(back)) throw new UnreachableException("A batch came back from JSON as another.");
    }

    private IEnumerable<(bool IsRight, bool IsOpen)> Images(ILabelRegime regime) =>
        from pair in _jobs.Zip(_answers[regime], (job, batch) => (Job: job, Batch: batch))
        from image in Enumerable.Range(0, pair.Job.Count)
        select (pair.Batch.Images[image].Label == pair.Job.Truth(image), pair.Batch.Images[image].IsOpen);
}
