using FsCheck.Xunit;

namespace Rqml.Supervision.Events;

public sealed class SpikeDetectorTests
{
    private const double Threshold = 6;
    private const int Samples = 8;

    [Property(MaxTest = 300)]
    public void It_judges_as_the_formula_over_the_last_128(ushort[] durations, byte repeats)
    {
        var detector = new SpikeDetector(Threshold, Samples);
        var all = new List<double>();
        for (var round = 0; round <= repeats % 8; round++)
        {
            foreach (var duration in durations)
            {
                var durationMs = (duration + round) / 8.0;
                Assert.Equal(Expected(all.TakeLast(SpikeDetector.Window).ToList(), durationMs), detector.Add(durationMs));
                all.Add(durationMs);
            }
        }

        Assert.Equal(Math.Min(all.Count, SpikeDetector.Window), detector.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_judges_as_the_formula_however_slowit_runs(int seed)
    {
        var random = new Random(seed);
        var detector = new SpikeDetector(Threshold, Samples);
        var all = new List<double>();
        var spikes = 0;
        for (var pass = 0; pass < 3_000; pass++)
        {
            var durationMs = Math.Round(random.NextDouble() * (random.Next(50) == 0 ? 5_000 : 40));      // many the same, some far off
            var spike = detector.Add(durationMs);
            Assert.Equal(Expected(all.TakeLast(SpikeDetector.Window).ToList(), durationMs), spike);
            all.Add(durationMs);
            if (spike is not null) spikes++;
        }

        Assert.InRange(spikes, 30, 90);
    }

    [Fact]
    public void Fast_passes_and_few_known_ones_are_no_spikes()
    {
        var detector = new SpikeDetector(Threshold, Samples);
        for (var pass = 0; pass < Samples - 1; pass++) Assert.Null(detector.Add(1_000));
        Assert.Null(detector.Add(1_000_000));      // seven are known
        Assert.Null(detector.Add(0));
        Assert.NotNull(detector.Add(1_000_000));
    }

    [Fact]
    public void Passes_that_all_take_the_same_make_no_spike_of_a_little_more()
    {
        var quick = new SpikeDetector(Threshold, Samples);
        var slow = new SpikeDetector(Threshold, Samples);
        for (var pass = 0; pass < 128; pass++)
        {
            quick.Add(0);
            slow.Add(1_000);
        }

        Assert.Null(quick.Add(8));
        Assert.NotNull(quick.Add(9));
        Assert.Null(slow.Add(1_440));
        Assert.NotNull(slow.Add(1_450));
    }

    [Fact]
    public void A_model_that_became_slower_for_good_is_the_new_normal_within_the_window()
    {
        var detector = new SpikeDetector(Threshold, Samples);
        for (var pass = 0; pass < 128; pass++) detector.Add(100 + (pass % 5));
        Assert.NotNull(detector.Add(1_000));
        for (var pass = 0; pass < 64; pass++) detector.Add(1_000 + (pass % 5));
        Assert.Null(detector.Add(1_000));
    }

    [Fact]
    public void A_sample_allocates_nothing()
    {
        var detector = new SpikeDetector(Threshold, Samples);
        for (var pass = 0; pass < 200; pass++) detector.Add(pass % 7);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var pass = 0; pass < 1_000; pass++) detector.Add(pass * 31 % 1_009);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Spike? Expected(List<double> window, double durationMs)
    {
        if (window.Count < Samples) return null;
        var median = MedianOf(window);
        var deviation = MedianOf(window.Select(known => Math.Abs(known - median)));
        var z = 0.6745 * (durationMs - median) / Math.Max(Math.Max(deviation, 1), median * 0.05);
        return z > Threshold ? new Spike(median, z) : null;
    }

    private static double MedianOf(IEnumerable<double> values)
    {
        var ordered = values.Order().ToArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
